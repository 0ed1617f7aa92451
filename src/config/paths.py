"""Where files go."""

from dataclasses import dataclass

from src.config import rules
from src.config.keys import PATH, declare
from src.config.places import settle


@dataclass(kw_only=True)
class PathsConfig:
    """Where files go; not part of a run's identity."""

    runs_dir: str = declare(place=PATH)
    """The folder of all runs."""
    cache_dir: str = declare(place=PATH)
    """What runs share: models from packages, twins, measurements of base models."""

    def __post_init__(self) -> None:
        for key in ("runs_dir", "cache_dir"):
            if "://" in str(getattr(self, key)):
                accepted = "a folder of this machine or of a shared file system: running runs hold locks"
                rules.refuse(f"paths.{key}", getattr(self, key), accepted)
        settle(self, "paths")
