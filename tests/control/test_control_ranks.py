"""Weights that lie in pieces on two processes: the same sizes, the same update, as on one."""

import json

import pytest
from safetensors.torch import load_file

from src.run import execute
from tests.forked import run_together

SMALL = [
    "debug=smoke",
    "metrics=none",
    "evaluate=none",
    "method.dropout=0.0",
    "control=equal_step",
    "train.weight_decay=0.1",
]


@pytest.fixture
def run(make_config, tmp_path):
    """The folder of a run on so many processes."""

    def one(num_processes, *overrides):
        root = tmp_path / str(num_processes)
        given = [
            *SMALL,
            f"paths.runs_dir={root}",
            f"paths.cache_dir={tmp_path}/cache",
            f"train.num_processes={num_processes}",
        ]
        if num_processes == 1:
            execute(make_config(*given, *overrides))
        else:
            ended = run_together(num_processes, "src.run", *given, *overrides)
            assert [one.returncode for one in ended] == [0] * num_processes, ended[0].stderr[-4000:]
        (record,) = root.glob("smoke/*/run.json")
        return record.parent

    return one


def logged(folder):
    return [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]


def test_weights_trained_in_place(run, load_tiny):
    """The first step, measured on the weights that two processes wrote."""
    folder = run(2, "method=full", "model=tiny_llama", "train.max_steps=1")
    (row,) = logged(folder)
    loaded = load_tiny("llama")
    base = {name: value.detach().double() for name, value in loaded.model.named_parameters()}
    tuned = load_file(folder / "adapter" / "tuned_parameters.safetensors")
    for block, size in zip(loaded.blocks, row["block_relative_sizes"], strict=True):
        names = [name for name in tuned if name.startswith(block + ".")]
        update = sum((tuned[name].double() - base[name]).square().sum() for name in names).sqrt()
        expected = (update / sum(base[name].square().sum() for name in names).sqrt()).item()
        assert size == pytest.approx(expected, rel=1e-6)
        assert size == pytest.approx(row["relative_size"], rel=1e-5)


def test_low_rank_factors(run, load_tiny):
    """The same of the merged weights; the factor B begins at zero, so the step is all of s B A."""
    folder = run(2, "method=lora", "model=tiny_gpt2", "train.max_steps=1")
    (row,) = logged(folder)
    loaded = load_tiny("gpt2")
    factors = load_file(folder / "adapter" / "adapter_model.safetensors")
    for block, size in zip(loaded.blocks, row["block_relative_sizes"], strict=True):
        updates, weights = 0.0, 0.0
        for name in (name for name in factors if f".{block}." in name and "lora_A" in name):
            a, b = factors[name].double(), factors[name.replace("lora_A", "lora_B")].double()
            layer = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            updates += (2.0 * b @ a).square().sum()
            weights += loaded.model.get_submodule(layer).weight.detach().double().square().sum()
        assert size == pytest.approx((updates / weights).sqrt().item(), rel=1e-6)
        assert size == pytest.approx(row["relative_size"], rel=1e-5)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_several_steps_are_near_those_of_one_process(run, method):
    """Near, no more: sums in another order turn the sign of gradients near zero, which Adam makes whole steps of."""
    one, two = (logged(run(count, f"method={method}", "model=tiny_gpt2")) for count in (1, 2))
    for first, second in zip(one, two, strict=True):
        assert second["relative_size_max"] <= second["relative_size_min"] * (1 + 1e-5)
        assert second["block_optimizer_sizes"] == pytest.approx(first["block_optimizer_sizes"], rel=0.1)
