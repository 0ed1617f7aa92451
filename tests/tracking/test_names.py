"""Names stay below W&B's limits and stay distinct."""

import re
from dataclasses import replace

import pytest

from src.metrics.catalog import METRICS
from src.probe.table.layer_table import STAGES, LayerRow
from src.tracking.names import (
    GROUP,
    ID,
    METRIC,
    TAG,
    bounded,
    metric_name,
    run_arm,
    run_name,
    run_tags,
)
from src.tracking.series import profile_summary, profile_values, score_step, score_summary, score_values


@pytest.mark.parametrize("limit", [ID, GROUP, TAG, METRIC])
def test_a_long_name_is_cut_and_stays_unique(limit):
    assert bounded("a" * limit, limit) == "a" * limit
    long = [f"{'a' * limit}{number}" for number in range(100)]
    cut = [bounded(name, limit) for name in long]
    assert {len(name) for name in cut} == {limit}
    assert len(set(cut)) == 100


def test_what_w_and_b_cannot_take_in_a_run_s_id_is_replaced_and_told_apart():
    assert (
        run_name("lora-smollm2_135m-arithmetic-s0-1f0c9b2a7d") == "lora-smollm2_135m-arithmetic-s0-1f0c9b2a7d"
    )
    odd = [run_name(f"lora-a{sign}b") for sign in "/\\#?%:_"]
    assert len(set(odd)) == 7
    assert all(re.fullmatch(r"[\w-]{1,128}", name) for name in odd)


def test_metric_names_are_of_letters_digits_and_underscores():
    assert metric_name("tuned", "gsm8k", "exact_match") == "tuned/gsm8k/exact_match"
    odd = [
        metric_name("tuned", "gsm8k", name)
        for name in ("exact_match,strict", "exact_match-strict", "x" * 300)
    ]
    assert len(set(odd)) == 3
    assert all(re.fullmatch(r"\w+(/\w+)*", name) and len(name) <= METRIC for name in odd)


def test_a_run_is_tagged_by_its_choices(make_config):
    config = make_config("band=mid", "method.scaling=rslora", "seed=3", "record.tags=[mine,'']")
    tags = run_tags(config)
    assert {"band:mid", "method:lora", "seed:3", "scaling:rslora", "mine"} <= set(tags)
    long = replace(config, record=replace(config.record, tags=["t" * 65, "t" * 66]))
    assert len(set(run_tags(long))) == len(tags) + 1
    assert all(1 <= len(tag) <= TAG for tag in run_tags(long))


def test_a_project_of_every_metric_and_a_hundred_tasks_stays_below_the_limit():
    """Models of up to 64 blocks; names do not grow with the number of runs, steps or evaluations."""
    rows = [
        LayerRow(stage, layer, layer / 64, metric, 1.0, None, 5)
        for metric in [*METRICS, "weight_change/q_proj"]
        for stage in STAGES
        for layer in range(65)
    ]
    names = {name for values in profile_values(rows) for name in values} | profile_summary(rows).keys()
    assert not [name for name in names if "q_proj" in name]
    scores = [
        {"task": f"task{task}", "metric": metric, "value": 0.5, "stderr": 0.1}
        for task in range(100)
        for metric in ("acc", "acc_norm")
    ]
    for stage in ("base", "step-20", "step-40", "tuned"):
        names |= score_summary(stage, scores).keys() | score_values(scores, score_step(stage, 80)).keys()
    assert (
        1000 < len(names) < 2500
    )  # of 10,000 distinct names in a project, above which W&B's pages grow slow
    assert not [name for name in names if not re.fullmatch(r"\w+(/\w+)*", name)]


def test_a_missing_number_is_left_out():
    row = LayerRow("change", 1, 0.5, "mean_shift", None, None, 5)
    assert profile_values([row]) == []
    assert profile_summary([row]) == {}
    score = {"task": "a", "metric": "b", "value": None, "stderr": None}
    assert score_values([score], 4) == {"score/step": 4}
    assert score_summary("tuned", [score]) == {}


def test_two_scalings_of_one_band_are_two_arms(make_config):
    arms = [run_arm(make_config("band=mid", f"method.scaling={name}")) for name in ("fixed_alpha", "rslora")]
    assert arms == ["mid, fixed_alpha", "mid, rslora"]
    assert run_arm(make_config("method=frozen")) == "whole, frozen"
