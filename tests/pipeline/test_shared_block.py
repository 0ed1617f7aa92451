"""ALBERT: layers have states of their own and one block behind them all, which trains, and is counted, once."""

import csv
import json

import pytest
import torch
from safetensors.torch import load_file

from src.command.compose import run_config
from src.errors import ConfigError, ModelError
from src.intervene.pair import check_own_blocks
from src.method.band import trained_blocks
from src.model.load import load_model
from src.model.trunk import block_modules
from src.pipeline.pipeline import Pipeline
from src.plan.memory import estimate
from src.plan.skeleton import skeleton
from src.probe.states.hooks import layer_states

DEPTH = 4
SMALL = ["model=tiny_albert", f"model.num_blocks={DEPTH}", "model.width=16"]
BLOCK = "albert.encoder.albert_layer_groups.0."


@pytest.fixture(scope="module")
def albert(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return load_model(run_config(*SMALL).model, cache, torch.device("cpu"))


def test_layers_are_the_hidden_states_that_transformers_gives_in_every_pass(albert):
    assert (albert.num_blocks, albert.num_layers) == (1, DEPTH)
    ids = torch.arange(1, 13).view(2, 6)
    seen = []
    with (
        torch.no_grad(),
        layer_states(block_modules(albert.model, albert.layers), lambda *one: seen.append(one)),
    ):
        for tokens in (ids, ids.flip(1)):
            expected = albert.model(tokens, output_hidden_states=True).hidden_states
            assert [layer for layer, _ in seen] == list(range(DEPTH + 1))
            for layer, states in seen:
                assert torch.equal(states, expected[layer])
            seen.clear()


@pytest.mark.parametrize("band", ["mid", "random", "10000"])
def test_a_band_of_the_shared_block_is_refused_with_the_reason(albert, band):
    with pytest.raises(
        ConfigError, match=r"accepted: \[0.0, 1.0\), the whole stack: the 4 layers of tiny_albert"
    ):
        trained_blocks(run_config(*SMALL, f"band={band}").band, albert, 0)
    assert trained_blocks(run_config(*SMALL).band, albert, 0) == [0]


def test_its_parts_cannot_be_taken_away(albert):
    with pytest.raises(
        ModelError, match="4 layers that are one block, so that no part of the depth has an update"
    ):
        check_own_blocks(albert)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run that trains all weights with equal steps of 1 % each."""
    where = tmp_path_factory.mktemp("run")
    config = run_config(
        "debug=smoke", *SMALL, "objective=masked_lm", "method=full", "method.train_outside=false",
        "control=equal_step", "control.target=fixed", "control.size=0.01", "evaluate=none", "train.max_steps=3",
        "metrics.names=[mean_shift,weight_change,gradient_norm,fisher_trace,update_stable_rank]",
        f"paths.runs_dir={where}/runs", f"paths.cache_dir={where}/cache",
    )  # fmt: skip
    pipeline = Pipeline(config)
    pipeline.walk()
    return pipeline.folder, config


def test_training_moves_the_block_once_and_its_numbers_stand_once(finished, albert):
    folder, _ = finished
    with (folder.path / "layers.csv").open() as file:
        rows = list(csv.DictReader(file))
    tuned = load_file(next((folder.path / "adapter").glob("*.safetensors")))
    base = albert.model.state_dict()
    assert tuned and all(name.startswith(BLOCK) for name in tuned)
    moved = sum((tuned[name] - base[name]).double().square().sum() for name in tuned).sqrt()
    size = sum(base[name].double().square().sum() for name in base if name.startswith(BLOCK)).sqrt()
    for metric in ("weight_change", "gradient_norm", "fisher_trace", "update_stable_rank"):
        values = [
            row["value"] for row in rows if row["metric"] == metric and row["stage"] in ("change", "tuned")
        ]
        assert len(values) == DEPTH and values[0] and values[1:] == [""] * (DEPTH - 1), metric
    (change,) = [row for row in rows if row["metric"] == "weight_change" and row["value"]]
    assert float(change["value"]) == pytest.approx((moved / size).item(), rel=1e-5)
    assert float(change["depth"]) == 1 / DEPTH
    shifts = [float(row["value"]) for row in rows if row["metric"] == "mean_shift"]
    assert len(shifts) == DEPTH + 1 and shifts[0] == 0 and min(shifts[1:]) > 0


def test_equal_steps_count_the_block_once(finished):
    folder = finished[0].path
    record = json.loads((folder / "run.json").read_text())
    assert record["model"]["num_blocks"] == 1 and record["model"]["num_layers"] == DEPTH
    assert record["adapted"]["blocks"] == [0]
    steps = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
    assert [len(step["block_relative_sizes"]) for step in steps] == [1] * 3


def test_the_plan_counts_its_weights_once_and_what_is_kept_so_often(make_config):
    loaded = skeleton(make_config("model=albert_base").model)
    assert sum(value.numel() for value in loaded.model.parameters()) == 11221680
    plans = [
        estimate(make_config("model=albert_base", f"model.num_blocks={depth}", "method.rank=8"))
        for depth in (2, 4)
    ]
    assert [plan.trainable for plan in plans] == [4 * 8 * (768 + 768)] * 2  # query, key, value, dense
    assert plans[0].weights == plans[1].weights
    assert plans[1].activations_checkpointed > plans[0].activations_checkpointed
    assert plans[1].activations > 1.5 * plans[0].activations - plans[0].activations_checkpointed
