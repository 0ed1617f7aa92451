"""Made-up runs whose answers are known."""

import itertools
import json

import numpy
import pandas
import pytest

from src.probe.table.layer_table import LayerRow
from src.probe.table.layers_csv import write_layers
from src.probe.table.summary import summarise

NUM_BLOCKS = 5
MODELS = {  # name: (architecture, kind, wiring, stands for, its parameters)
    "tiny_bert": ("bert", "encoder", "sequential", "bert_base", 110e6),
    "tiny_gpt2": ("gpt2", "decoder", "sequential", "gpt2", 124e6),
    "tiny_opt": ("opt", "decoder", "sequential", "opt_125m", 125e6),
    "tiny_opt_1b": ("opt", "decoder", "sequential", "opt_1_3b", 1.3e9),
    "tiny_gpt_neox": ("gpt_neox", "decoder", "parallel", "pythia_160m", 160e6),
    "tiny_gpt_neox_1b": ("gpt_neox", "decoder", "parallel", "pythia_1_4b", 1.4e9),
    "tiny_codegen": ("codegen", "decoder", "parallel", "codegen_350m", 350e6),
    "tiny_mamba": ("mamba", "ssm", "single", "mamba_130m", 130e6),
}


@pytest.fixture
def made_up():
    """made_up(value, **columns): a table of every combination of the columns, value(**row) in `value`."""

    def table(value, **columns):
        rows = [dict(zip(columns, row, strict=True)) for row in itertools.product(*columns.values())]
        return pandas.DataFrame([row | {"value": value(**row)} for row in rows])

    return table


@pytest.fixture
def write_run(tmp_path):
    """write_run(slope, ...): the folder of a finished run whose change rises by `slope` over depth."""

    def write(
        slope,
        model="tiny_gpt2",
        objective="causal_lm",
        control="none",
        seed=0,
        level=1.0,
        distance=None,
        **changes,
    ):
        architecture, kind, wiring, stands_for, num_parameters = MODELS[model]
        name = "-".join(map(str, (model, objective, control, *changes.get("band", ()), seed)))
        folder = tmp_path / "study" / name
        folder.mkdir(parents=True)
        rows = []
        for layer in range(NUM_BLOCKS + 1):
            amount = level + slope * (layer / NUM_BLOCKS - 0.5)
            for metric, value in (("procrustes_distance", amount), ("cka_debiased", 1 - amount)):
                rows.append(LayerRow("change", layer, layer / NUM_BLOCKS, metric, value, None, 290))
            if distance is not None and layer:
                rows.append(
                    LayerRow(
                        "base", layer, layer / NUM_BLOCKS, "objective_cosine_distance", distance, None, None
                    )
                )
        rows.sort(key=lambda row: row.metric)
        write_layers(folder / "layers.csv", rows)
        band = changes.pop("band", "whole")
        changes |= {"control": changes.pop("told")} if "told" in changes else {}
        blocks = list(range(NUM_BLOCKS)) if band == "whole" else [1, 2, 3]
        record = {
            "schema_version": 1, "status": "success", "seed": seed, "id": name, "experiment": "study",
            "choices": {"model": model, "objective": objective, "control": control, "method": "full", "band": band, "data": "english"},
            "model": {"family": architecture, "kind": kind, "residual": wiring, "miniature_of": stands_for,
                      "num_parameters": int(num_parameters), "num_blocks": NUM_BLOCKS, "fingerprint": model},
            "adapted": {"blocks": blocks}, "params": {"total": int(num_parameters), "trainable": 500_000}, "scores": [],
            "hardware": {"processor": "p", "threads": 1, "device": "cpu"}, "git": {"commit": "c" * 40, "dirty": False},
            "profiles": summarise([row for row in rows if row.stage == "change"]),
        }  # fmt: skip
        chosen = {group: {"name": choice} for group, choice in record["choices"].items()}
        (folder / "config.yaml").write_text(json.dumps(chosen))  # JSON is YAML
        (folder / "run.json").write_text(json.dumps(record | changes))
        return folder

    return write


@pytest.fixture
def write_nulls(write_run):
    """write_nulls(models, slope, num_draws): random pushes of one mean slope, a draw a seed."""

    def write(models, slope=0.0, num_draws=3, scatter=0.02):
        rng = numpy.random.default_rng(9)
        for model, seed in itertools.product(models, range(num_draws)):
            write_run(slope + rng.normal(0, scatter), model, "causal_lm", "random_direction", seed)

    return write


@pytest.fixture
def configure():
    """configure(folder, method={"kind": "lora"}): config.yaml with the choices of the record, and more."""

    def write(folder, **more):
        choices = json.loads((folder / "run.json").read_text())["choices"]
        groups = {group: {"name": choice} | more.get(group, {}) for group, choice in choices.items()}
        (folder / "config.yaml").write_text(json.dumps(more | groups))

    return write


@pytest.fixture
def study(write_run, write_nulls, tmp_path):
    """A study with the published pattern: equal steps take the slope of contrastive runs in parallel blocks.

    A random push has no slope in it.
    """
    write_nulls(MODELS)
    rng = numpy.random.default_rng(0)
    for model, (_, kind, wiring, *_rest) in MODELS.items():
        objectives = ["masked_lm" if kind == "encoder" else "causal_lm", "contrastive"]
        for objective, control, seed in itertools.product(objectives, ["none", "equal_step"], range(3)):
            lost = control == "equal_step" and wiring == "parallel" and objective == "contrastive"
            slope = 0.0 if lost else 0.5 if control == "equal_step" else 1.0
            write_run(slope + rng.normal(0, 0.02), model, objective, control, seed)
    return tmp_path / "study"
