"""What stands in a sweep's file is what is meant: no number that YAML reads otherwise than a person does."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from omegaconf._utils import get_yaml_loader

from src.config.keys import NAME
from src.config.places import placed
from src.config.rules import refuse
from src.config.schema import RunConfig

_INTEGER = "tag:yaml.org,2002:int"
_TEXT = "tag:yaml.org,2002:str"
_PLAIN = re.compile(r"[-+]?(0|[1-9][0-9]*)")


def check_as_written(path: Path) -> None:
    """Refuse what would become another value without a word; `band` has patterns and a sentence of its own.

    YAML reads 010 as the octal 8, 1_000 as 1000 and 1:30 as 90. A name such as 1.10 it reads as the number
    1.1, and no as a truth.

    Raises:
        ConfigError: with the line.
    """
    text = path.read_text(encoding="utf-8")
    names = tuple(f".{key}" for key, place in placed(RunConfig) if place == NAME)
    loader = get_yaml_loader()(text)
    try:
        root = loader.get_single_node()
        for key, node in _scalars(root, "") if root is not None else ():
            if node.style is not None or node.tag == _TEXT or key.endswith(".band"):
                continue
            read = loader.construct_object(node)
            is_name = key.endswith(names) and read is not None
            if (is_name and str(read) != node.value) or (
                node.tag == _INTEGER and not _PLAIN.fullmatch(node.value)
            ):
                line = f"{path} line {node.start_mark.line + 1}: {key.rpartition('.')[2]}"
                refuse(line, node.value, f"'{node.value}' in quotes, or {read} as YAML reads it without them")
    finally:
        loader.dispose()


def _scalars(node: yaml.Node, key: str) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Every value with its dotted key; those of a list have the key of the list."""
    if isinstance(node, yaml.ScalarNode):
        yield key, node
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _scalars(one, key)
    elif isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _scalars(value, f"{key}.{getattr(name, 'value', '')}")
