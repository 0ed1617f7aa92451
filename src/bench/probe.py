"""Probing: what the metrics cost on top of the forward passes that any probe needs."""

import os
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import median

import torch

from src.bench.measure import seconds
from src.bench.steps import adapted_model
from src.command.compose import run_config
from src.config.schema import MetricsConfig, ProbeConfig
from src.data.encode import encode_rows, encode_texts
from src.data.splits import Splits, load_splits
from src.errors import StorageError
from src.method.adapted import AdaptedModel
from src.method.weights import base_weights
from src.metrics.catalog import names_needing
from src.model.trunk import trunk_of
from src.probe.lens.lens_pass import lens_pass
from src.probe.states.gather import gather
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.probe_pass import evaluating
from src.probe.states.probe_rows import ProbeRows
from src.probe.table.layer_table import layer_rows
from src.probe.weights.weights import update_rows
from src.record.provenance import peak_memory_gib

NUM_ROWS, MAX_LENGTH, BATCH = 200, 128, 8
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "1"))  # a median of them; bare passes before and after each
_PLAIN = ProbeConfig(seeds=[0])
MEANING = {
    "probe_paper_over_forward": "probing base and tuned with metrics=paper / two bare passes of the trunk",
    "probe_default_over_forward": "the same with metrics=default, intervals included",
    "probe_lens_extra_over_forward": "what metrics=lens adds to the bare passes, as a share of them",
    "probe_cached_base_over_first": "the tuned side of a comparison with metrics=default / both sides",
    "probe_extra_memory_mb": "peak memory of default and paper on 2,000 rows more than on 200, MB",
}


def bench() -> dict[str, float]:
    """SmolLM2, base and tuned, 200 rows of at most 128 tokens, token metrics on the first 50."""
    adapted = adapted_model("lora")
    disturb(adapted)
    probe = bench_rows(adapted, NUM_ROWS, MAX_LENGTH)
    memory = _extra_memory(adapted)
    measured: dict[str, list[float]] = {"paper": [], "default": [], "lens": [], "cached": []}
    bare_passes(adapted, probe)  # warm
    before = seconds(lambda: bare_passes(adapted, probe))
    for _ in range(ROUNDS):
        for name in ("paper", "default", "lens"):
            first, second = _lens(adapted) if name == "lens" else _pair(adapted, probe, name)
            after = seconds(lambda: bare_passes(adapted, probe))
            measured[name].append((first + second) / ((before + after) / 2))
            if name == "default":
                measured["cached"].append(second / (first + second))
            before = after
    return {
        "probe_paper_over_forward": median(measured["paper"]),
        "probe_default_over_forward": median(measured["default"]),
        "probe_lens_extra_over_forward": median(measured["lens"]) - 1,
        "probe_cached_base_over_first": median(measured["cached"]),
        "probe_extra_memory_mb": memory,
    }


def _pair(adapted: AdaptedModel, probe: ProbeRows, name: str) -> tuple[float, float]:
    """Seconds of the base's side and of the rest, which a second comparison needs as well."""
    metrics, base = run_config(f"metrics={name}").metrics, []
    with tempfile.TemporaryDirectory() as folder:
        first = seconds(lambda: base.append(_base(adapted, probe, metrics, Path(folder))))
        return first, seconds(lambda: _tuned(adapted, probe, metrics, Path(folder), base[0]))


@cache
def bench_splits(num_rows: int, max_length: int) -> Splits:
    """GSM8K where BENCH_GSM8K names a folder of its JSONL files, else generated word problems like it."""
    folder = os.environ.get("BENCH_GSM8K")
    chosen = ["data=gsm_symbolic"]
    if folder:
        chosen = ["data=gsm8k", f"data.path={folder}/train.jsonl", f"data.test_path={folder}/test.jsonl"]
    data = run_config(*chosen).data
    data = replace(data, num_probe=num_rows, num_train=1, num_test=1, max_length=max_length)
    if not folder:
        data = replace(data, fields=["question", "answer_cot"], completion=" {answer_cot}")
    return load_splits(data)


def bench_rows(adapted: AdaptedModel, num_rows: int, max_length: int) -> ProbeRows:
    """Questions of at most so many tokens, in batches of eight."""
    tokenizer = adapted.loaded.tokenizer
    rows = encode_texts(bench_splits(num_rows, max_length).probe, tokenizer, max_length)
    return ProbeRows(rows, [], tokenizer.pad_token_id, BATCH)


def disturb(adapted: AdaptedModel) -> None:
    """Stand in for training: probing costs the same whatever moved the weights."""
    with torch.no_grad():
        for value in adapted.trainable.values():
            value.add_(0.01)


@torch.no_grad()
def bare_passes(adapted: AdaptedModel, probe: ProbeRows) -> None:
    """Two passes of the trunk on the same batches, nothing measured: adapters off, then on."""
    trunk, batches = trunk_of(adapted.model), probe.batches(probe.rows, adapted.model)
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
        return gather(adapted.model, adapted.loaded.blocks, probe, metrics, folder / "base", _PLAIN)


def _tuned(
    adapted: AdaptedModel, probe: ProbeRows, metrics: MetricsConfig, folder: Path, base: LayerStatistics
) -> None:
    (folder / "tuned").mkdir()
    loaded = adapted.loaded
    tuned = gather(adapted.model, loaded.blocks, probe, metrics, folder / "tuned", _PLAIN, base)
    update_rows(adapted.model, loaded.blocks, names_needing(metrics.names, "weights", "matrices"))
    layer_rows(base, tuned, metrics.names, loaded.num_blocks)


def _lens(adapted: AdaptedModel) -> tuple[float, float]:
    """Seconds of the base's side and of the tuned one's."""
    metrics, loaded = run_config("metrics=lens").metrics, adapted.loaded
    rows = encode_rows(
        bench_splits(NUM_ROWS, MAX_LENGTH).probe, loaded.tokenizer, MAX_LENGTH, "completion"
    ).rows
    batches = ProbeRows(rows, [], loaded.tokenizer.pad_token_id, BATCH).batches(rows, loaded.model)

    def look() -> None:
        lens_pass(adapted.model, loaded.blocks, batches, metrics.names, metrics.lens_positions)

    with base_weights(adapted):
        first = seconds(look)
    return first, seconds(look)


def _extra_memory(adapted: AdaptedModel) -> float:
    """MB, of every metric of default and paper that looks at rows; weights know none of them.

    The rows are short, because what may grow is what is kept of a row, not of its tokens.
    """
    default, paper = (run_config(f"metrics={name}").metrics for name in ("default", "paper"))
    names = names_needing(list(dict.fromkeys(default.names + paper.names)), "pooled", "tokens", "pair")
    metrics = replace(default, names=names)
    for value in adapted.model.parameters():
        value.sum()  # weights come into memory page by page; more rows know more tokens
    peaks = []
    for probe in [bench_rows(adapted, num_rows, 16) for num_rows in (200, 200, 2000)]:  # the first warms
        _forget_peak()
        with tempfile.TemporaryDirectory() as folder:
            base = _base(adapted, probe, metrics, Path(folder))
            _tuned(adapted, probe, metrics, Path(folder), base)
        peak = peak_memory_gib(torch.device("cpu"))
        assert peak is not None  # it began anew above
        peaks.append(peak)
    return (peaks[2] - peaks[1]) * 1024


def _forget_peak() -> None:
    """Let the highest memory of this process start anew, which loading the model would hide; Linux alone."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError as error:
        raise StorageError(f"probe_extra_memory_mb: needs Linux, to set back the peak ({error})") from error
