"""The id of a run: a hash of everything that decides its numbers, and of nothing else.

Which keys these are is declared where the keys are: src/config/keys.py.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from src.config.data import PATHS
from src.config.keys import hashed_keys
from src.config.pair import PairConfig
from src.config.penalty import PenaltySettings
from src.config.schema import RunConfig
from src.config.selection import SelectionSettings
from src.control.matched_sizes import control_content
from src.storage.files import fingerprint

Keys = Callable[[Any], dict[str, Any]]
"""The keys of a section that enter an id; nobody changes what it returns."""


def scientific(
    config: RunConfig, data_fingerprint: str, model_content: str, keys: Keys = hashed_keys
) -> dict[str, Any]:
    """The part of a config that decides the numbers.

    Paths are replaced by the content they lead to, so that a moved file does not make another run, and a
    changed file does. How often checkpoints are written changes no number; the number of
    processes changes the last bits, and the dropout: a run may go on with another, and both are left out.
    `keys` may remember sections that many runs share.
    """
    values = hashed_keys(config, inside=keys)
    if config.method.penalty == "none":  # then nothing reads its settings
        values["method"] = _without(PenaltySettings, values["method"])
    if config.data.select == "none":
        values["data"] = _without(SelectionSettings, values["data"])
    values["objective"] = hashed_keys(config.objective, of=config.objective.of_kind.settings)
    if config.control.kind != "none":
        values["control"] = control_content(config.control)
    elif config.control.log_relative_sizes:
        values["control"] = {"log_relative_sizes": True}  # no number changes, but there are more
    else:
        del values["control"]
    values["probe"] = {"num_sets": len(config.probe.seeds)} | _read_of_states(keys(config.probe))
    return {**values, "data_fingerprint": data_fingerprint, "model_content": model_content}


def _without(settings: type, values: dict[str, Any]) -> dict[str, Any]:
    """The keys that are none of these settings."""
    left_out = {one.name for one in fields(settings)}
    return {key: one for key, one in values.items() if key not in left_out}


def run_id(config: RunConfig, data_fingerprint: str, model_content: str, keys: Keys = hashed_keys) -> str:
    """A readable name and ten digits of hash: `midblock-smollm2_135m-arithmetic-s0-1f0c9b2a7d`."""
    digest = fingerprint(scientific(config, data_fingerprint, model_content, keys))[:10]
    return f"{config.method.name}-{config.model.name}-{config.data.name}-s{config.seed}-{digest}"


def pair_id(config: PairConfig, rows: list[str], contents: list[str]) -> str:
    """The id of a comparison: rows and models by content, the metric set, the dtype."""
    data = hashed_keys(config.data, every=True)
    for key in (*PATHS, "seed"):
        data.pop(key, None)
    read = _read_of_states(hashed_keys(config.probe))
    deciding = [rows, contents, config.dtype, hashed_keys(config.metrics), data, *([read] if read else [])]
    return f"pair-{config.data.name}-{config.metrics.name}-{fingerprint(deciding)[:10]}"


def _read_of_states(probe: dict[str, Any]) -> dict[str, Any]:
    """Keys of the probe without its seeds, which only name sets of rows."""
    return {key: value for key, value in probe.items() if key != "seeds"}
