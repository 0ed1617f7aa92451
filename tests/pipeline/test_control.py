"""Controls from the command line's config to the record."""

import json

import pytest

from src.errors import ConfigError, ModelError
from src.probe.table.layers_csv import read_layers
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


PUSH = ("control=random_direction", "control.size=0.01")
BARE = ("evaluate=none", "metrics.names=[weight_change]")


def changes(folder):
    return [row.value for row in read_layers(folder / "layers.csv") if row.metric == "weight_change"]


def test_a_push_in_place_of_training(run):
    """It is probed, scored and recorded as a trained run is."""
    folder = run(*PUSH, "method=full", "metrics.names=[weight_change]")
    record = record_of(folder)
    told = record["control"]
    assert (told["kind"], told["trained"], told["size"], told["source"]) == (
        "random_direction", False, 0.01, None,
    )  # fmt: skip
    assert told["block_relative_sizes"] == pytest.approx([0.01] * record["model"]["num_blocks"], rel=1e-5)
    assert changes(folder) == pytest.approx(told["block_relative_sizes"], rel=1e-3)
    assert {score["stage"] for score in record["scores"]} == {"base", "tuned"}
    assert not (folder / "steps.jsonl").exists()
    assert "push" in record["seconds"]
    assert "train" not in record["seconds"]


def test_a_push_goes_on_where_it_stopped_and_another_seed_is_another_draw(run):
    folder = run(*PUSH, *BARE)
    adapter = folder / "adapter" / "adapter_model.safetensors"
    weights, layers = adapter.read_bytes(), (folder / "layers.csv").read_bytes()
    for name in ("run.json", "stages/probe.json", "layers.csv"):
        (folder / name).unlink()
    assert run(*PUSH, *BARE) == folder
    assert (folder / "layers.csv").read_bytes() == layers
    assert adapter.read_bytes() == weights
    other = run(*PUSH, *BARE, "seed=1")
    assert (other / "adapter" / "adapter_model.safetensors").read_bytes() != weights


def test_the_null_of_a_run(run, tmp_path):
    """Its id holds what the source's weights are, not where they lie."""
    source = run(*BARE)
    folder = run("control=random_spectrum", f"control.source={source}", *BARE)
    assert record_of(folder)["control"]["source"] == source.name
    assert changes(folder) == pytest.approx(changes(source), rel=1e-3)
    moved = source.rename(tmp_path / "elsewhere")
    assert run("control=random_spectrum", f"control.source={moved}", *BARE) == folder
    with pytest.raises(ConfigError, match="trained blocks 0-9 of 10"):
        run("control=random_direction", f"control.source={moved}", "band=mid", *BARE)


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
