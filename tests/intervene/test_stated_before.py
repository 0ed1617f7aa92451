"""What was stated before the numbers, on made numbers that must decide it."""

import numpy
import pytest

from src.intervene.causal.summary import Summary
from src.intervene.lens.words import agreement_words, emergence_words, exit_words
from src.intervene.vectors.words import patch_decision, steer_decision
from src.statistics.median import median_of

NAN = float("nan")


@pytest.mark.parametrize(
    ("low", "high", "above", "word"),
    [
        (0.01, 0.09, True, "denied"),
        (0.6, 0.8, True, "confirmed"),
        (0.6, 0.8, False, "undecided"),
        (0.05, 0.7, True, "undecided"),
        (NAN, NAN, True, "undecided, as the gain cannot be told from 0"),
    ],
)
def test_a_mean_shift_is_denied_confirmed_or_left_open(low, high, above, word):
    assert patch_decision(Summary("logp", "best", 0.1, low, high), above) == word


@pytest.mark.parametrize(
    ("low", "high", "word"), [(0.1, 0.5, "denied"), (0.6, 0.9, "not denied"), (0.3, 0.7, "undecided")]
)
def test_few_directions_are_denied_or_not(low, high, word):
    assert steer_decision(Summary("logp", "", 0.5, low, high)) == word


def curve(means, spread=0.02):
    """[layer, seed, item], each layer around its mean."""
    around = numpy.random.default_rng(0).normal(0, spread, (len(means), 1, 200))
    return numpy.array(means)[:, None, None] + around - around.mean(axis=2, keepdims=True)


def test_agreement_that_falls_late_early_or_perhaps():
    late = [1.0] * 9 + [0.6, 0.5]
    assert (
        "last fifth if no earlier layer's drop reaches -0.05 with its interval: confirmed"
        in agreement_words(curve(late))
    )
    early = [1.0, 1.0, 0.8] + [0.8] * 8
    assert "interval: denied" in agreement_words(curve(early))
    perhaps = [1.0, 1.0, 0.95] + [1.0] * 8
    assert "interval: undecided" in agreement_words(curve(perhaps, 0.3))


def test_the_layer_that_is_named_is_the_one_that_decides():
    """Layer 1 is all over the place and decides nothing; layer 2 is surely lower."""
    agreement = curve([1.0, 0.9, 0.8] + [1.0] * 8)
    agreement[1] += numpy.random.default_rng(1).normal(0, 3, agreement[1].shape)
    words = agreement_words(agreement)
    assert words.endswith("interval: denied.") and "at layer 2." in words and " is -0.200 (" in words


def test_many_layers_do_not_deny_by_chance():
    """Agreement falls by exactly what is stated, at 24 layers that are independent."""
    draw, denied = numpy.random.default_rng(0), 0
    for _ in range(60):
        agreement = 0.95 + draw.normal(0, 0.3, (31, 1, 60))
        agreement[0] = 1 + draw.normal(0, 1e-3, (1, 60))
        denied += agreement_words(agreement).endswith("interval: denied.")
    assert denied / 60 <= 0.1  # one by one it would be 1 - 0.975^24 = 0.46


def test_an_answer_that_emerges_earlier_denies_that_only_the_end_is_sharpened():
    base = numpy.full(50, 28.0)
    base[0] = NAN  # no answer there
    words, medians = emergence_words(base, base - 3)
    assert words.endswith("interval: denied.") and medians["change"].value == -3 and medians["change"].n == 49
    assert emergence_words(base, base - 1)[0].endswith("interval: not denied.")
    half = base - numpy.arange(50) % 2 * 4  # by 4 layers or by none, half of the items each
    assert emergence_words(base, half)[0].endswith("interval: undecided.")
    assert emergence_words(base[1:6], base[1:6] - 3)[0].endswith("interval: undecided.")  # five items
    assert "nothing is said" in emergence_words(base, numpy.full(50, NAN))[0]


def answered(shares):
    """[layer, seed, item] shares of right tokens: so many of 200 answers are right in full, the others by half."""
    return numpy.array([[[1.0 if item < 200 * one else 0.5 for item in range(200)]] for one in shares])


def test_exits_that_reach_half_of_the_accuracy_early():
    early = exit_words(answered([0.0, 0.1, 0.5, 0.6, 0.7, 0.7, 0.7, 0.8, 0.8, 0.8, 0.8]))
    assert "from layer 2 on" in early and "denied if they do: denied" in early
    late = exit_words(answered([0.0] * 8 + [0.1, 0.6, 0.8]))
    assert "nowhere" in late and "denied if they do: not denied" in late


def test_the_median_and_its_interval():
    draw = numpy.random.default_rng(3)
    held = 0
    for _ in range(200):
        found = median_of(draw.normal(2.0, 1.0, 41))
        held += found.low <= 2.0 <= found.high
    assert 0.9 <= held / 200 <= 0.99
    assert median_of([1.0, NAN, 3.0]).value == 2.0 and median_of([1.0, NAN, 3.0]).n == 2
    assert median_of([NAN]).n == 0
    few, enough = median_of(range(5)), median_of(range(6))
    assert numpy.isnan(few.low) and enough.low < enough.value  # 1 - 2 / 2^5 < 0.95 < 1 - 2 / 2^6
