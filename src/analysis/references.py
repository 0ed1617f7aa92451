"""Read the published numbers of conf/reference/."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import ConfigKeyError, OmegaConfBaseException

from src.config.convert import as_section
from src.config.reference import Claim, ClaimSetting, Number, Reference
from src.errors import ConfigError

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "reference"


@dataclass(frozen=True)
class Published:
    """One number with the table that it comes from."""

    file: str
    reference: Reference
    number: Number

    @property
    def label(self) -> str:
        """file/name."""
        return f"{self.file}/{self.number.name}"

    @property
    def claim(self) -> Claim | None:
        """What was declared on this number."""
        return next((one for one in self.reference.claims if one.number == self.number.name), None)

    @property
    def setting(self) -> ClaimSetting:
        """What runs must be of to be compared without a word of caution."""
        if self.claim is not None and self.claim.setting is not None:
            return self.claim.setting
        told = self.reference.setting
        return ClaimSetting(
            models=[told.model] if told.model else [],
            data=[told.task] if told.task else [],
            fidelity=["published"],
        )

    def is_told_beside(self, configs: Iterable[Mapping[str, Any]]) -> bool:
        """Whether it is of all experiments, or of a method that one of these runs has.

        Args:
            configs: of the runs, flat: {"data.select": "moderate"}.
        """
        needs = self.reference.needs
        return needs is None or any(config.get(needs) not in (None, "none") for config in configs)

    @property
    def shown(self) -> str:
        """The value with its n, and which of the two is inferred: > 0.2, n 200 (inferred)."""
        number = self.number
        if number.value is None:
            return "in words"
        sign = {"above": "> ", "below": "< "}.get(number.relation, "")
        n = f"n {number.n}" if number.n else "n unknown"
        n += " (inferred)" if number.n and number.n_status == "inferred" else ""
        status = "" if number.status == "found" else f", {number.status}"
        return f"{sign}{number.value:g}, {n}{status}".replace("-", "−")

    @property
    def place(self) -> str:
        """Who says so, and where."""
        return f"{self.reference.source}: {self.number.place}"


@cache
def load_references(folder: Path = FOLDER) -> tuple[Published, ...]:
    """Every published number, by file and in its order; the files are read once a process.

    Raises:
        ConfigError: a file has an unknown key, lacks one, or has a value that does not fit; it is named.
    """
    return tuple(
        Published(path.stem, reference, number)
        for path in sorted(folder.glob("*.yaml"))
        for reference in [_load(path)]
        for number in reference.numbers
    )


def _load(path: Path) -> Reference:
    try:
        return as_section(Reference, OmegaConf.load(path))
    except OmegaConfBaseException as error:
        raise ConfigError(f"{path.name}: {_explain(error)}") from error
    except ConfigError as error:
        raise ConfigError(f"{path.name}: {error}") from error
    except Exception as error:  # a YAML parser's own errors have no common class
        raise ConfigError(f"{path.name}: is no YAML ({' '.join(str(error).split())})") from error


def _explain(error: OmegaConfBaseException) -> str:
    key = error.full_key or ""
    if not isinstance(error, ConfigKeyError):
        return f"{key}: {str(error).splitlines()[0]}"
    section = error.object_type if is_dataclass(error.object_type) else Reference
    accepted = [field.name for field in fields(section)]
    near = difflib.get_close_matches(key.rpartition(".")[2], accepted, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"{key}: there is no such key{hint}; accepted: {', '.join(accepted)}"
