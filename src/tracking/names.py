"""Names that W&B takes: short enough, of the characters it can sort and filter by, and still distinct."""

import hashlib
import re
from dataclasses import asdict
from typing import Any

from src.config.schema import RunConfig

ID, GROUP, TAG, METRIC = 128, 128, 64, 128
"""The longest names, in characters; the last is our own."""
ARM = "arm"
"""The key of `run_arm` in W&B's config; no run's own config has it."""
_TAGS = {
    "band": ("band", "name"),
    "method": ("method", "name"),
    "model": ("model", "name"),
    "data": ("data", "name"),
    "seed": ("seed",),
    "scaling": ("method", "scaling"),
    "budget": ("method", "budget"),
    "fidelity": ("fidelity",),
    "control": ("control", "name"),
}


def bounded(text: str, limit: int) -> str:
    """The text, or where it is too long its beginning and ten digits of the hash of the whole."""
    return text if len(text) <= limit else f"{text[: limit - 11]}_{_digest(text, 10)}"


def run_name(run_id: str) -> str:
    r"""The id of a run as W&B takes it: at most 128 characters, none of `/ \ # ? % :`."""
    plain = re.sub(r"[/\\#?%:]", "_", run_id)
    return bounded(plain if plain == run_id else f"{plain}-{_digest(run_id, 6)}", ID)


def metric_name(*parts: str) -> str:
    """Parts joined by `/`, each of letters, digits and `_`; a hash tells apart what had to be replaced."""
    plain = [re.sub(r"\W", "_", part, flags=re.ASCII) for part in parts]
    name, given = "/".join(plain), "/".join(parts)
    return bounded(name if plain == list(parts) else f"{name}_{_digest(given, 6)}", METRIC)


def run_tags(config: RunConfig) -> list[str]:
    """`band:mid`, `seed:0` and so on, then the user's own; choices that the config has not are left out."""
    values = asdict(config)
    found = {name: _at(values, path) for name, path in _TAGS.items()}
    tags = [f"{name}:{value}" for name, value in found.items() if value is not None]
    return list(dict.fromkeys(bounded(tag, TAG) for tag in [*tags, *filter(None, config.record.tags)]))


def run_arm(config: RunConfig) -> str:
    """What bands are compared by, as one text, since a panel of W&B groups by one key: `mid, rslora`."""
    scaling = config.method.scaling if config.method.of_kind.low_rank else config.method.name
    return f"{config.band.name}, {scaling}"


def _at(values: dict[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = values
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
