"""The five words, and how often they are wrong: simulated with both errors."""

import math

import numpy
import pytest
from scipy import stats

from src.statistics.claim import WORDS, judge_claim, sign_here
from src.statistics.estimate import Estimate
from src.statistics.seeds import over_seeds

ROUNDS = 4000


def ours(value, stderr=0.01, freedom=20, num_seeds=5):
    return Estimate(value, stderr, freedom, num_seeds, 200)


@pytest.mark.parametrize(
    ("value", "published", "stderr", "word"),
    [
        (0.10, 0.095, 0.04, "confirmed"),
        (-0.10, -0.095, 0.04, "confirmed"),
        (0.05, 0.2, 0.02, "smaller"),
        (0.001, 0.2, 0.02, "absent"),
        (-0.001, 0.2, 0.02, "absent"),
        (-0.05, 0.2, 0.02, "reversed"),
        (0.05, -0.2, 0.02, "reversed"),
        (0.005, 0.03, 0.03, "undecided"),
    ],
)
def test_words(value, published, stderr, word):
    assert judge_claim(ours(value), published, stderr).word == word


def test_a_wide_interval_earns_no_confirmation():
    wide = judge_claim(ours(0.3, stderr=0.08), 0.3, 0.05)
    assert wide.sign < 0.01
    assert wide.detectable > 0.15
    assert wide.word == "undecided"


def test_an_unknown_published_error_leaves_the_size_open():
    found = judge_claim(ours(0.2), 0.2, None)
    assert found.word == "undecided" and math.isnan(found.size[0])
    assert "size not judged" in found.reason
    assert judge_claim(ours(-0.2), 0.2, None).word == "reversed"


@pytest.mark.parametrize("num_seeds", [1, 2])
def test_few_seeds_decide_nothing(num_seeds):
    assert judge_claim(ours(0.5, num_seeds=num_seeds), 0.5, 0.01).word == "undecided"


def test_what_was_never_seen_to_vary_is_not_judged():
    same = over_seeds([0.45 - 0.35, 0.55 - 0.45, 0.65 - 0.55])  # unlike in their last digits alone
    found = judge_claim(same, 0.1, 0.04)
    assert (found.word, found.reason) == (
        "undecided",
        "no scatter was seen, so nothing is known of other seeds",
    )
    assert math.isnan(same.pvalue) and all(math.isnan(end) for end in same.interval())
    assert Estimate(0.0, 0.0, 2, 3, 200).interval() == (0, 0)  # 600 cells that all agree


def test_one_seed_has_no_sign_however_many_items_it_answered():
    assert sign_here(ours(0.1, num_seeds=1), 0.1) == "here: one seed, or no error"
    assert sign_here(ours(0.1, num_seeds=2), 0.1).startswith("here: the published sign")


def test_more_declared_claims_make_the_test_of_the_sign_stricter():
    one = ours(0.03)
    assert judge_claim(one, 0.04, 0.02, 1).sign == judge_claim(one, 0.04, 0.02, 9).sign
    assert "sign found" in judge_claim(one, 0.04, 0.02, 1).reason
    assert "sign not found" in judge_claim(one, 0.04, 0.02, 9).reason


def test_prediction_interval_is_that_of_a_difference_of_two_normals():
    low, high = judge_claim(ours(0.1, stderr=0.03, freedom=1e8), 0.1, 0.04).size
    assert (low, high) == pytest.approx(stats.norm.interval(0.95, 0.1, 0.05))


def test_a_published_effect_of_zero_is_no_claim():
    with pytest.raises(ValueError, match="other than 0"):
        judge_claim(ours(0.1), 0.0, 0.1)


def words(truth, published_truth, stderr, ours_stderr, freedom):
    """How often each word falls, with a noisy published number and a noisy error of ours."""
    random = numpy.random.default_rng(7)
    counted = dict.fromkeys(WORDS, 0)
    for _ in range(ROUNDS):
        published = random.normal(published_truth, stderr)
        error = ours_stderr * math.sqrt(random.chisquare(freedom) / freedom)
        value = random.normal(truth, ours_stderr)
        counted[judge_claim(Estimate(value, error, freedom, 5, 200), published, stderr).word] += 1
    return {word: count / ROUNDS for word, count in counted.items()}


@pytest.mark.parametrize("freedom", [4, 16])
@pytest.mark.parametrize("ours_stderr", [0.005, 0.015, 0.04])
def test_operating_characteristics(ours_stderr, freedom):
    true = words(0.095, 0.095, 0.046, ours_stderr, freedom)
    assert true["absent"] + true["smaller"] + true["reversed"] <= 0.05
    null = words(0.0, 0.095, 0.046, ours_stderr, freedom)
    assert null["confirmed"] <= 0.012  # 0.01, and one standard error of 4,000 rounds


def test_a_precise_study_says_the_right_word_most_of_the_time():
    assert words(0.095, 0.095, 0.02, 0.008, 16)["confirmed"] > 0.85
    assert words(0.0, 0.095, 0.02, 0.008, 16)["absent"] > 0.9
    assert words(0.03, 0.15, 0.02, 0.005, 16)["smaller"] > 0.9
