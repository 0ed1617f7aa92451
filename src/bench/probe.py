"""Probing: what the metrics cost on top of the forward passes that any probe needs."""

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch

from src.bench.measure import config_of, seconds
from src.bench.steps import adapted_model
from src.config.schema import MetricsConfig
from src.data.encode import encode_rows, encode_texts
from src.data.splits import Splits, load_splits
from src.method.adapt import AdaptedModel
from src.method.weights import base_weights
from src.metrics.catalog import names_needing
from src.probe.lens import lens_pass
from src.probe.passes import evaluating
from src.probe.run import ProbeRows, gather
from src.probe.statistics import LayerStatistics
from src.probe.table import layer_rows
from src.probe.trunk import trunk_of
from src.probe.updates import update_rows
from src.record.provenance import peak_memory_gib

NUM_ROWS, MAX_LENGTH, BATCH = 200, 128, 8
MEMORY = "cka_debiased,mean_shift,effective_rank,dataset_entropy,prompt_entropy"  # every way to gather
MEANING = {
    "probe_paper_over_forward": "probing base and tuned with metrics=paper / two bare passes of the trunk",
    "probe_default_over_forward": "the same with metrics=default, intervals included",
    "probe_lens_extra_over_forward": "what metrics=lens adds to one bare pass, as a share of it",
    "probe_cached_base_over_first": "a second comparison with the same base / the first",
    "probe_extra_memory_mb": "peak memory of probing 2,000 rows more than of probing 200, MB",
}


def bench_probe() -> dict[str, float]:
    """SmolLM2, base and tuned, 200 rows of at most 128 tokens, token metrics on the first 50."""
    adapted = adapted_model("lora")
    _disturb(adapted)
    probe = _probe_rows(adapted, NUM_ROWS, MAX_LENGTH)
    bare = [seconds(lambda: _bare(adapted, probe))]
    found, totals = {}, {}
    for name in ("paper", "default"):
        metrics = config_of(f"metrics={name}").metrics
        with tempfile.TemporaryDirectory() as folder:
            base: list[LayerStatistics] = []
            first = seconds(lambda m=metrics, f=folder, b=base: b.append(_base(adapted, probe, m, Path(f))))
            second = seconds(lambda m=metrics, f=folder, b=base: _tuned(adapted, probe, m, Path(f), b[0]))
        bare.append(seconds(lambda: _bare(adapted, probe)))
        totals[name] = (first, second)
        found[f"probe_{name}_over_forward"] = 2 * (first + second) / (bare[-1] + bare[-2])
    found["probe_lens_extra_over_forward"] = 2 * seconds(lambda: _lens(adapted)) / bare[-1] - 1
    first, second = totals["default"]
    found["probe_cached_base_over_first"] = second / (first + second)
    found["probe_extra_memory_mb"] = _extra_memory(adapted, config_of(f"metrics.names=[{MEMORY}]").metrics)
    return found


@cache
def _splits(num_rows: int, max_length: int) -> Splits:
    """Word problems with their worked solutions, of about the length of GSM8K's."""
    data = config_of("data=gsm_symbolic").data
    data = replace(
        data, num_probe=num_rows, num_train=1, num_test=1, max_length=max_length,
        fields=["question", "answer_cot"], completion=" {answer_cot}",
    )  # fmt: skip
    return load_splits(data)


def _probe_rows(adapted: AdaptedModel, num_rows: int, max_length: int) -> ProbeRows:
    tokenizer = adapted.loaded.tokenizer
    rows = encode_texts(_splits(num_rows, max_length).probe, tokenizer, max_length)
    return ProbeRows(rows, [], tokenizer.pad_token_id, BATCH)


def _disturb(adapted: AdaptedModel) -> None:
    """Stand in for training: probing costs the same whatever moved the weights."""
    with torch.no_grad():
        for value in adapted.trainable.values():
            value += 0.01


@torch.no_grad()
def _bare(adapted: AdaptedModel, probe: ProbeRows) -> None:
    """Two passes of the trunk on the same batches, nothing measured: adapters off, then on."""
    trunk, batches = trunk_of(adapted.model), probe.batches(probe.rows)
    with evaluating(adapted.model):
        with base_weights(adapted):
            _pass(trunk, batches)
        _pass(trunk, batches)


def _pass(trunk: torch.nn.Module, batches: list[dict[str, torch.Tensor]]) -> None:
    for batch in batches:
        trunk(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False)


def _base(adapted: AdaptedModel, probe: ProbeRows, metrics: MetricsConfig, folder: Path) -> LayerStatistics:
    (folder / "base").mkdir()
    with base_weights(adapted):
        return gather(adapted.model, adapted.loaded.blocks, probe, metrics, folder / "base")


def _tuned(
    adapted: AdaptedModel, probe: ProbeRows, metrics: MetricsConfig, folder: Path, base: LayerStatistics
) -> None:
    (folder / "tuned").mkdir()
    loaded = adapted.loaded
    tuned = gather(adapted.model, loaded.blocks, probe, metrics, folder / "tuned")
    updates = update_rows(adapted.model, loaded.blocks, names_needing(metrics.names, "weights"))
    layer_rows(base, tuned, metrics.names, loaded.num_blocks, extra=updates)


def _lens(adapted: AdaptedModel) -> None:
    metrics, loaded = config_of("metrics=lens").metrics, adapted.loaded
    rows = encode_rows(_splits(NUM_ROWS, MAX_LENGTH).probe, loaded.tokenizer, MAX_LENGTH, "completion").rows
    probe = ProbeRows(rows, [], loaded.tokenizer.pad_token_id, BATCH)
    lens_pass(adapted.model, loaded.blocks, probe.batches(rows), metrics.names, metrics.lens_positions)


def _extra_memory(adapted: AdaptedModel, metrics: MetricsConfig) -> float:
    """MB; short rows, because what may grow is what is kept of a row, not of its tokens."""
    peaks = []
    for num_rows in (200, 2000):
        probe = _probe_rows(adapted, num_rows, 16)
        with tempfile.TemporaryDirectory() as folder:
            base = _base(adapted, probe, metrics, Path(folder))
            _tuned(adapted, probe, metrics, Path(folder), base)
        peaks.append(peak_memory_gib(torch.device("cpu")))
    return (peaks[1] - peaks[0]) * 1024
