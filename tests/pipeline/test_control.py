"""Controls from the command line's config to the record."""

import json

import pytest

from src.errors import ConfigError, ModelError
from src.storage.files import read_jsonl


def record_of(folder):
    return json.loads((folder / "run.json").read_text())


def test_the_record_tells_the_control_and_what_of_it_is_inferred(run):
    record = record_of(run("control=equal_step"))
    assert record["choices"]["control"] == "equal_step"
    assert record["control"]["target"] == "mean"
    assert "target" in record["control"]["inferred"]
    assert record["control"]["largest_spread"] < 1e-5
    assert record["control"]["relative_size"]["first"] > record["control"]["relative_size"]["last"] > 0
    assert record["control"]["merged_cosine_min"] > 0.99


def test_effect_without_cause(run):
    """A run at another learning rate takes over the relative sizes that a controlled run logged."""
    source = run("control=equal_step", "method=full")
    folder = run(
        "control=match_profile", f"control.source={source}", "method=full", "train.learning_rate=1e-3"
    )
    assert folder != source
    sizes = [
        [row["block_relative_sizes"] for row in read_jsonl(one / "steps.jsonl")] for one in (source, folder)
    ]
    for first, second in zip(*sizes, strict=True):
        assert second == pytest.approx(first, rel=1e-5)


def test_refused_before_anything_is_written(run, tmp_path):
    with pytest.raises(ConfigError, match="no run.json in it"):
        run("control=match_profile", f"control.source={tmp_path}/nowhere")
    with pytest.raises(ModelError, match="are all zero"):
        run("control=equal_step", "control.grouping=tensor", "method=full", "model=tiny_gpt2")
    assert not list(tmp_path.rglob("config.yaml"))


def test_activation_checkpointing_changes_no_step(run, tmp_path):
    first, second = (
        run(
            "control=equal_step",
            f"train.activation_checkpointing={again}",
            f"paths.runs_dir={tmp_path}/{again}",
        )
        for again in ("false", "true")
    )
    assert first.name == second.name
    for one, other in zip(read_jsonl(first / "steps.jsonl"), read_jsonl(second / "steps.jsonl"), strict=True):
        assert one["block_relative_sizes"] == other["block_relative_sizes"]
