"""The id of a run: a hash of everything that decides its numbers, and of nothing else."""

from dataclasses import asdict
from typing import Any

from src.config.schema import MetricsConfig, PairConfig, RunConfig
from src.control.matched_sizes import control_content
from src.storage.files import fingerprint

_NOT_SCIENTIFIC = ("experiment", "fidelity", "device", "paths", "record")
_BY_CONTENT = {
    "data": ("path", "test_path", "corpus", "piece_characters", "min_characters", "label"),
    "model": ("id", "variants", "sizes", "kind", "wiring", "stands_for", "num_parameters"),
    "train": ("checkpoint_steps", "activation_checkpointing", "num_processes"),
}
_READ_BY = {
    "causal_lm": ("supervise",),
    "masked_lm": ("mask_share",),
    "contrastive": ("pooling", "temperature"),
    "simcse": ("pooling", "temperature", "dropout"),
    "classification": ("pooling",),
}
"""Settings that an objective looks at; the others of its group change none of its numbers."""

_AS_BEFORE = {"alpha": 1.0, "entropy_normalisation": "maxEntropy"}
"""Settings of metrics that came later: at these values they leave the numbers, and ids, of earlier runs."""


def scientific(config: RunConfig, data_fingerprint: str, model_content: str) -> dict[str, Any]:
    """The part of a config that decides the numbers.

    Paths are replaced by the content they lead to, so that a moved file does not make another run, and a
    changed file does. How often checkpoints are written changes no number; the number of
    processes changes the last bits, and the dropout: a run may go on with another, and both are left out.
    """
    values = {key: value for key, value in asdict(config).items() if key not in _NOT_SCIENTIFIC}
    for group, keys in _BY_CONTENT.items():
        values[group] = {key: value for key, value in values[group].items() if key not in keys}
    read = ("name", *_READ_BY[config.objective.name])
    values["objective"] = {key: values["objective"][key] for key in read}
    if config.control.kind != "none":
        values["control"] = control_content(config.control)
    elif config.control.log_relative_sizes:
        values["control"] = {"log_relative_sizes": True}  # no number changes, but there are more
    else:
        del values["control"]
    values["metrics"] = _metrics(config.metrics)
    values["probe"] = {"num_sets": len(config.probe.seeds)}  # the seeds of a run only name its sets
    return {**values, "data_fingerprint": data_fingerprint, "model_content": model_content}


def run_id(config: RunConfig, data_fingerprint: str, model_content: str) -> str:
    """A readable name and ten digits of hash: `midblock-smollm2_135m-arithmetic-s0-1f0c9b2a7d`."""
    digest = fingerprint(scientific(config, data_fingerprint, model_content))[:10]
    return f"{config.method.name}-{config.model.name}-{config.data.name}-s{config.seed}-{digest}"


def pair_id(config: PairConfig, rows: list[str], contents: list[str]) -> str:
    """The id of a comparison: rows and models by content, the metric set, the dtype."""
    data = {
        key: value for key, value in asdict(config.data).items() if key not in ("path", "test_path", "seed")
    }
    digest = fingerprint([rows, contents, config.dtype, _metrics(config.metrics), data])[:10]
    return f"pair-{config.data.name}-{config.metrics.name}-{digest}"


def _metrics(config: MetricsConfig) -> dict[str, Any]:
    return {key: value for key, value in asdict(config).items() if (key, value) not in _AS_BEFORE.items()}
