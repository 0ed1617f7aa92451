"""conf/reference/ is data: complete, typed, and refused in one line where it is not."""

import pytest
from statsmodels.stats.proportion import proportions_ztest

from src.analysis.references import load_references
from src.command.compose import CONF
from src.errors import ConfigError

HEAD = """
title: t
paper: p
source: s
setting: {model: null, task: null}
numbers:
  - {name: a, value: 1.0, unit: u, measure: {kind: none}, status: found, place: abstract%s}
"""


def test_the_shipped_numbers_are_those_of_the_papers():
    found = {one.label: one.number for one in load_references()}
    scores = [(found[f"band_study_olmo2_{size}/lora_score"].value, found[f"band_study_olmo2_{size}/best_band_score"].value)
              for size in ("1b", "7b", "13b", "32b")]  # fmt: skip
    assert scores == [(0.19, 0.21), (0.28, 0.375), (0.27, 0.30), (0.29, 0.32)]
    assert found["depth_profiles_sft/weight_change_with_cosine"].value == -0.79
    slopes = found["depth_profile_study/positive_slopes"]
    assert (slopes.value, slopes.n, slopes.status) == (189, 190, "found")
    assert found["depth_profile_study/equal_step_runs"].status == "inferred"


def test_numbers_of_a_method_are_told_beside_runs_that_have_it_alone():
    found = {one.label: one for one in load_references()}
    moderate, gain = (
        found["gradient_selection/qwen2_5_7b_moderate"],
        found["band_study_olmo2_7b/best_band_gain"],
    )
    assert (moderate.number.value, moderate.number.status) == (10.2, "secondary")
    assert moderate.shown == "10.2, n unknown, secondary"
    plain = [{}, {"data.select": "none"}]  # runs of before, which had no such key, and of today
    assert not moderate.is_told_beside(plain) and gain.is_told_beside(plain)
    assert moderate.is_told_beside([*plain, {"data.select": "random"}])
    memory = found["low_rank_activations/memory_saved"]
    assert memory.is_told_beside([{"train.activation_rank": 32}])
    assert not memory.is_told_beside([{"train.activation_rank": None}])


def test_every_gain_is_the_difference_of_the_scores_beside_it():
    by_file = {}
    for one in load_references():
        by_file.setdefault(one.file, []).append(one.number)
    checked = 0
    for numbers in by_file.values():
        scores = {n.measure["band"]: n.value for n in numbers if n.measure["kind"] == "score"}
        for number in numbers:
            if number.measure["kind"] not in ("difference", "relative_gain"):
                continue
            first, second = scores[number.measure["band"]], scores[number.measure["against"]]
            gain = first - second if number.measure["kind"] == "difference" else (first - second) / second
            if number.relation == "above":
                assert gain > number.value
            else:
                assert number.value == pytest.approx(gain, abs=6e-4)
            checked += 1
    assert checked == 12


def test_settings_name_models_that_exist():
    models = {one.reference.setting.model for one in load_references()} - {None}
    assert models
    assert all((CONF / "model" / f"{name}.yaml").is_file() for name in models)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (", valeu: 2", "valeu: there is no such key .did you mean value"),
        (", relation: over", "relation: given 'over'; accepted: equal, above, below"),
        (", n: 0", "a.n: given 0"),
        (", n: many", "many"),
        (", n_status: guessed", "n_status: given 'guessed'; accepted: found, inferred"),
    ],
)
def test_what_does_not_fit_is_one_line_that_names_the_file(tmp_path, line, message):
    (tmp_path / "mine.yaml").write_text(HEAD % line)
    with pytest.raises(ConfigError, match="mine.yaml: ") as caught:
        load_references(tmp_path)
    assert caught.match(message)
    assert "\n" not in str(caught.value)


CLAIM = HEAD % "" + "claims:\n  - {number: %s}\n"


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ('a, declared: "2026-01-31"', "claims.a.setting: given None; accepted: models, data and fidelity"),
        ('a, declared: "2026-01-31", setting: {data: [gsm8k]}', "claims.a.setting: given None"),
        (
            'a, declared: "soon", setting: {models: [gpt2]}',
            "claims.a.declared: given 'soon'; accepted: a day",
        ),
        ('b, declared: "2026-01-31", setting: {models: [gpt2]}', "claims.number: given 'b'"),
        ('a, declared: "2026-01-31", setting: {models: [gpt2]}, best_of: 0', "claims.a.best_of: given 0"),
        (
            'a, declared: "2026-01-31", setting: {models: [gpt2]}, stderr: 0.1',
            "stderr: given '0.1'; accepted: b",
        ),
    ],
)
def test_a_claim_that_cannot_be_judged_is_one_line(tmp_path, claim, message):
    (tmp_path / "mine.yaml").write_text(CLAIM % claim)
    with pytest.raises(ConfigError, match="mine.yaml: ") as caught:
        load_references(tmp_path)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_every_claim_is_of_models_that_exist():
    claims = [one.claim for one in load_references() if one.claim]
    assert len(claims) == 11
    assert all((CONF / "model" / f"{name}.yaml").is_file() for one in claims for name in one.setting.models)


def test_a_value_in_words_needs_the_words(tmp_path):
    (tmp_path / "mine.yaml").write_text(HEAD.replace("1.0", "null") % "")
    with pytest.raises(ConfigError, match="a.value: given None"):
        load_references(tmp_path)


@pytest.mark.parametrize("text", ["title: [", "- 1\n", "title: t\n", ""])
def test_a_file_that_is_no_table_is_one_line(tmp_path, text):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.yaml: ") as caught:
        load_references(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_a_source_states_and_what_was_deduced_are_told_apart():
    found = {one.label: one.number for one in load_references()}
    for size in ("1b", "13b", "32b"):
        gain = found[f"band_study_olmo2_{size}/best_band_gain"]
        assert (gain.status, gain.n, gain.n_status) == ("inferred", 100, "inferred")
        assert found[f"band_study_olmo2_{size}/best_band_gain_relative"].status == "found"
    assert found["band_study_olmo2_7b/best_band_gain"].status == "found"
    edge = found["band_study_olmo2_7b/middle_over_edge"]
    assert (edge.value, edge.relation, edge.status) == (0.20, "above", "found")


def test_the_pvalues_of_the_gains_are_those_of_a_test_of_two_proportions():
    checked = 0
    numbers = {one.label: one.number for one in load_references()}
    for label, number in numbers.items():
        file, _, name = label.partition("/")
        if not name.startswith("gain_pvalue"):
            continue
        shares = [numbers[f"{file}/{which}"].value for which in ("lora_score", "best_band_score")]
        found = proportions_ztest([share * number.n for share in shares], [number.n] * 2)[1]
        if number.relation == "above":
            assert found >= number.value
        else:
            assert found == pytest.approx(number.value, abs=0.006)
        checked += 1
    assert checked == 8
