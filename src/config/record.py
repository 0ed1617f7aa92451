"""W&B, which mirrors the files of a run."""

from dataclasses import dataclass

from src.config.keys import declare
from src.config.places import settle


@dataclass(kw_only=True)
class RecordConfig:
    """W&B, which mirrors the files."""

    mode: str = declare(among=("offline", "online", "none"))
    """offline (files on this machine, no account), online, or none."""
    project: str
    """The project of W&B."""
    entity: str | None
    """User or team; null: the one that the key belongs to."""
    tags: list[str]
    """Beside those that every run has: band, method, model, data, seed, scaling, budget, ..."""

    def __post_init__(self) -> None:
        settle(self, "record")
