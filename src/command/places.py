"""Where runs lie, and what is computed once, for commands that compose no configuration."""

from pathlib import Path

from src.command.presets import CONF
from src.config.places import expanded

LOCAL = CONF / "local" / "default.yaml"


def runs_dir() -> Path:
    """`paths.runs_dir` of conf/config.yaml, or of conf/local where this machine has its own."""
    return _place("runs_dir")


def cache_dir() -> Path:
    """The same of `paths.cache_dir`."""
    return _place("cache_dir")


def _place(key: str) -> Path:
    from omegaconf import OmegaConf

    files = [file for file in (CONF / "config.yaml", LOCAL) if file.is_file()]
    found = OmegaConf.select(OmegaConf.unsafe_merge(*map(OmegaConf.load, files)), f"paths.{key}")
    return Path(expanded(str(found)))
