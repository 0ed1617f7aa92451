"""The script for a GPU, as far as it needs none: the CPU stands in for the device."""

import json
import math
from types import SimpleNamespace

import numpy
import pytest
import torch

from src.bench.__main__ import main
from src.bench.gpu.exactness import exactness_outcomes
from src.bench.gpu.families import LIMITS, difference, run_difference
from src.bench.gpu.figures import peak_flops, probe_figure, shapes, step_figures, waiting_figures
from src.bench.gpu.outcome import Outcome
from src.bench.gpu.script import measure

CPU = torch.device("cpu")
SMALL = (
    "model.num_blocks=2", "model.width=64", "data.max_length=16", "train.batch_size=2", "metrics=core",
    "model.sizes={model_type: olmo2, vocab_size: 300, intermediate_size: 96, num_attention_heads: 4, "
    "num_key_value_heads: 4}",
)  # fmt: skip


def test_without_a_gpu_it_says_so(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    main(["gpu"])
    assert "no GPU" in capsys.readouterr().out


def run(losses, values):
    series = {("rank", "tuned"): SimpleNamespace(value=numpy.array(values))}
    return SimpleNamespace(steps=[{"loss": loss} for loss in losses], series=series)


def test_a_difference_is_a_share_of_the_largest_of_its_curve():
    first = run([4.0, 2.0], [1.0, 10.0, math.nan])
    assert difference(first, first) == 0
    assert difference(first, run([4.0, 2.2], [1.0, 10.0, math.nan])) == pytest.approx(0.05)
    assert difference(first, run([4.0, 2.0], [2.0, 10.0, math.nan])) == pytest.approx(0.1)
    assert math.isnan(difference(first, run([4.0, 2.0], [1.0, math.nan, math.nan])))
    assert not Outcome("lacks a number", math.nan, 1.0).passed


def test_a_run_of_a_family_is_the_same_twice_and_another_precision_is_seen(tmp_path):
    assert run_difference(CPU, tmp_path / "same", "llama", lens=True) == 0
    other = run_difference(CPU, tmp_path / "bf16", "bert", "bfloat16", against="float32")
    assert 1e-5 < other <= LIMITS["bfloat16"]  # rounding of float32 is far below


@pytest.mark.filterwarnings("ignore")  # torch's own, of a group of one
def test_resume_shards_and_gates_agree_with_themselves(tmp_path):
    found = {one.name: one for one in exactness_outcomes(CPU, tmp_path)}
    assert list(found) == [
        "resume, lora",
        "resume, full",
        "FSDP2, one rank",
        "measured sharded, one rank",
        "gates",
    ]
    assert all(one.passed for one in found.values())


def test_figures_of_a_shape(tmp_path):
    (config,) = shapes(("olmo2_1b",), ("lora",), *SMALL)
    found = dict(step_figures(CPU, config, 1e12)) | dict(waiting_figures(CPU, config, tmp_path / "waiting"))
    found |= dict(probe_figure(CPU, config, tmp_path / "probe", 4))
    assert found.keys() == {
        "olmo2_1b_lora_tokens_per_s", "olmo2_1b_lora_mfu", "olmo2_1b_lora_over_plain_peft",
        "share_of_time_without_work", "probe_core_over_forward",
    }  # fmt: skip
    assert all(0 <= value < math.inf for value in found.values())
    assert found["olmo2_1b_lora_mfu"] < 1


def test_a_card_that_nobody_listed_has_no_share_of_a_peak():
    assert peak_flops("NVIDIA H100 80GB HBM3") == 989e12
    assert peak_flops("NVIDIA H100 PCIe") == 756e12
    assert peak_flops("a card of next year") is None


def test_what_fails_is_a_line_and_ends_nothing(tmp_path, capsys):
    def broken(folder):
        yield Outcome("first", 0.5, 0.1)
        raise RuntimeError("no kernel\nfor it")

    path = tmp_path / "gpu.json"
    good = {"good": lambda folder: iter([Outcome("same", 0.0, 0.0), ("speed", 2.0)])}
    assert measure(CPU, path, good)
    assert not measure(CPU, path, {"broken": broken} | good)
    found = json.loads(path.read_text())
    assert found["failed"] == {"broken": "RuntimeError: no kernel for it"}
    assert [one["passed"] for one in found["checks"].values()] == [False, True]
    assert found["figures"] == {"speed": 2.0}
