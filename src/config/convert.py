"""Between OmegaConf's nodes and our dataclasses, with the types that OmegaConf leaves open."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from omegaconf import DictConfig, ListConfig, OmegaConf

Section = TypeVar("Section")


def as_section(schema: type[Section], values: Mapping[str, Any] | DictConfig | ListConfig) -> Section:
    """Values merged into a dataclass of the configuration; OmegaConf's own errors where they do not fit."""
    merged = OmegaConf.merge(OmegaConf.structured(schema), values)
    return cast(Section, OmegaConf.to_object(merged))  # of a structured node: an instance of its class


def as_dict(node: Any) -> dict[str, Any]:
    """A mapping of OmegaConf as plain values, interpolations not resolved."""
    return cast(dict[str, Any], OmegaConf.to_container(node))  # keys of our files are words
