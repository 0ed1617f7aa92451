"""Claims as data: the published target, the setting, and how often a word is wrong after a choice of the best."""

from dataclasses import replace
from types import SimpleNamespace

import numpy
import pytest

from src.analysis.claims import corrected_target, judge, other_setting
from src.analysis.references import load_references
from src.statistics.estimate import Estimate
from src.statistics.selection import best_of


@pytest.fixture(scope="module")
def claims():
    return {one.label: one for one in load_references() if one.claim}


def arm(model="olmo2_7b", fidelity="published", source="hub"):
    record = {"choices": {"model": model}, "fidelity": fidelity}
    return SimpleNamespace(record=record, first=SimpleNamespace(config={"model.source": source}))


@pytest.mark.parametrize(
    ("changed", "scored_on", "told"),
    [
        ({}, "gsm8k", ""),
        ({"fidelity": "sound"}, "gsm8k", ""),
        ({"model": "smollm2_135m"}, "sums", "smollm2_135m for olmo2_7b, sums for gsm8k"),
        ({"source": "tiny"}, "gsm8k", "made-up weights for olmo2_7b"),
    ],
)
def test_what_differs_from_the_setting_of_a_claim_is_told(claims, changed, scored_on, told):
    assert other_setting(claims["band_study_olmo2_7b/best_band_gain"], arm(**changed), scored_on) == told


def test_rows_of_the_training_file_are_not_the_published_items(claims):
    told = other_setting(claims["band_study_olmo2_7b/best_band_gain"], arm(), "gsm8k", training_rows=True)
    assert told == "held-out training rows of gsm8k"


def test_target_is_the_published_gain_less_what_the_choice_of_eight_adds(claims):
    one = claims["band_study_olmo2_7b/best_band_gain"]
    found = corrected_target(one, one.claim)
    chosen = best_of([0.375, 0.22, 0.27, 0.135, 0.28, 0.28, 0.28, 0.28], 0.28, 200)
    assert found.value == pytest.approx(0.095 - chosen.bias) and 0 < chosen.bias < 0.02
    unchosen = corrected_target(one, replace(one.claim, best_of=1))
    assert unchosen.value == pytest.approx(0.095, abs=0.001)
    both = sum(share * (1 - share) / 200 for share in (0.375, 0.28)) ** 0.5
    assert unchosen.stderr == pytest.approx(both, rel=0.02)


def test_of_a_negative_effect_the_worst_was_chosen(claims):
    one = claims["band_study_olmo2_7b/gain_00001"]
    assert -0.145 < corrected_target(one, one.claim).value < -0.13


def test_a_gain_that_the_choice_explains_can_be_reversed_and_never_confirmed(claims):
    one = claims["band_study_olmo2_13b/best_band_gain"]
    assert corrected_target(one, one.claim).value < 0.005
    large = judge(one, Estimate(0.3, 0.001, 20, 5, 1319))
    assert large.word == "undecided" and "nothing of it is left" in large.reason
    assert judge(one, Estimate(-0.3, 0.001, 20, 5, 1319)).word == "reversed"


def test_the_words_after_a_choice_of_the_best_are_rarely_wrong(claims):
    """Nine bands of published size: none gains, or one gains 0.15; ours is precise and measures the chosen."""
    one = claims["band_study_olmo2_7b/best_band_gain"]
    random, rounds = numpy.random.default_rng(3), 150
    wrong_null = wrong_true = 0
    for _ in range(rounds):
        for gain in (0.0, 0.15):
            truth = numpy.full(8, 0.28)
            truth[0] += gain
            seen = random.binomial(200, truth) / 200
            base, place = random.binomial(200, 0.28) / 200, int(seen.argmax())
            value, target = truth[place] - 0.28, published(one, seen, place, base)
            if target.number.value <= 0:
                continue
            word = judge(target, Estimate(random.normal(value, 0.01), 0.01, 20, 5, 1319)).word
            wrong_null += gain == 0 and word == "confirmed"
            wrong_true += gain > 0 and place == 0 and word in ("absent", "smaller", "reversed")
    assert wrong_null <= 0.01 * rounds + 2 and wrong_true <= 0.05 * rounds + 2


def published(one, seen, place, base):
    """The claim as a table of these scores would state it."""
    scores = [(f"band{index}", share) for index, share in enumerate(seen)] + [("11111", base)]
    template = one.number
    numbers = [
        replace(template, name=f"score_{band}", value=float(share), measure={"kind": "score", "band": band})
        for band, share in scores
    ]
    measure = {"kind": "difference", "band": f"band{place}", "against": "11111"}
    gain = replace(template, value=float(seen[place] - base), measure=measure)
    return replace(
        one, number=gain, reference=replace(one.reference, numbers=[*numbers, gain], claims=[one.claim])
    )
