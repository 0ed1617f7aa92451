"""Cells become typed configurations, equal to what Hydra composes for each, at a fraction of its time.

Composing costs a tenth of a second and reads files; it is done once for every choice of groups. Plain values
(`seed=3`, `train.learning_rate=1e-4`) are set on the composed config afterwards, as Hydra itself does it.
Whatever does not fit this, errors included, goes through Hydra.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf, open_dict

from src.command.compose import CONF, checked, renamed, typed
from src.command.explain import CONFIG_ERRORS, one_line
from src.config.convert import as_dict, as_section
from src.config.schema import RunConfig
from src.errors import ConfigError
from src.sweep.grid.spec import Sweep
from src.sweep.grid.templates import Template, Templates, kept_templates, read_templates, write_templates

_HINTS = get_type_hints(RunConfig)
_SECTIONS = tuple(field.name for field in fields(RunConfig) if is_dataclass(_HINTS[field.name]))
_SCALARS = tuple(field.name for field in fields(RunConfig) if field.name not in _SECTIONS)


class Composer:
    """Composes the runs of one sweep; `with composer(sweep) as composed`."""

    def __init__(self, sweep: Sweep, name: str) -> None:
        search = [CONF, sweep.path.resolve().parent]
        self._sweep, self._name = sweep, name
        self._search = "hydra.searchpath=[" + ",".join(f"'file://{path}'" for path in search) + "]"
        self._templates: Templates = {}
        self._texts: dict[tuple[str, ...], dict[str, str]] = {}
        self._parts: dict[tuple[Any, ...], Any] = {}

    @contextmanager
    def remembering(self, cache_dir: Path) -> Iterator[None]:
        """Inside, choices that an earlier expansion of the same files composed are not composed again."""
        path = kept_templates(self._sweep, cache_dir)
        self._templates |= read_templates(path)
        known = len(self._templates)
        yield
        if len(self._templates) > known:
            write_templates(path, self._templates)

    def run(self, overrides: tuple[str, ...]) -> RunConfig:
        """The configuration of one run.

        Raises:
            ConfigError: a key or a value does not fit, in one line.
        """
        try:
            choices = tuple(override for override in overrides if _plain(override) is None)
            template = self._template(choices)
            if template.keys() != _HINTS.keys():
                return typed(self.composed(overrides), given=overrides)
            return self._assemble(choices, [one for text in overrides if (one := _plain(text))])
        except (*CONFIG_ERRORS, AttributeError, TypeError, ValueError):
            return self._by_hydra(overrides)

    def composed(self, overrides: tuple[str, ...], hydra: bool = False) -> DictConfig:
        """What Hydra composes, with its own settings if asked for."""
        return compose(self._name, overrides=[self._search, *overrides], return_hydra_config=hydra)

    def places(self) -> tuple[str, str, str]:
        """What the sweep's file itself says, before any cell: cache_dir, runs_dir and experiment.

        Raises:
            ConfigError: Hydra cannot compose the file.
        """
        try:
            found = self.composed(())
            return str(found.paths.cache_dir), str(found.paths.runs_dir), str(found.experiment)
        except Exception as error:  # whatever Hydra stumbles over is in the file
            raise ConfigError(f"{self._sweep.path}: {one_line(error, RunConfig)}") from error

    def _by_hydra(self, overrides: tuple[str, ...]) -> RunConfig:
        try:
            return typed(self.composed(overrides), given=overrides)
        except (*CONFIG_ERRORS, AttributeError, TypeError, ValueError) as error:  # as of a group set to null
            raise ConfigError(one_line(error, RunConfig)) from error

    def _template(self, choices: tuple[str, ...]) -> Template:
        if choices not in self._templates:
            self._templates[choices] = as_dict(renamed(self.composed(choices)))
        return self._templates[choices]

    def _assemble(self, choices: tuple[str, ...], plain: list[Override]) -> RunConfig:
        mine: dict[str, list[Override]] = {}
        for one in plain:
            root = one.key_or_group.partition(".")[0]
            mine.setdefault(root if root in _SECTIONS else "", []).append(one)
        values = {name: self._part(choices, name, mine) for name in _SECTIONS}
        return checked(RunConfig(**values, **self._part(choices, "", mine)))

    def _part(self, choices: tuple[str, ...], name: str, mine: dict[str, list[Override]]) -> Any:
        """A section as its dataclass, or the scalars beside the sections (name ""); equal ones are shared.

        A section that takes a value from elsewhere (`data.seed: ${seed}`) is resolved beside the scalars.
        """
        names = ("", name) if name and "${" in self._text(choices, name) else (name,)
        plain = [one for part in names for one in mine.get(part, [])]
        texts = tuple(self._text(choices, part) for part in names)
        key = (name, texts, tuple(one.input_line for one in plain))
        if key not in self._parts:
            raw = DictConfig(
                {one: value for part in names for one, value in self._values(choices, part).items()}
            )
            OmegaConf.set_struct(raw, True)
            for one in plain:
                OmegaConf.update(raw, one.key_or_group, one.value(), merge=True)
            OmegaConf.resolve(raw)
            if name:
                self._parts[key] = as_section(_HINTS[name], raw[name])
            else:
                typed_scalars = OmegaConf.merge(_blank(), raw)
                self._parts[key] = {scalar: getattr(typed_scalars, scalar) for scalar in _SCALARS}
        return self._parts[key]

    def _values(self, choices: tuple[str, ...], name: str) -> Template:
        return {one: self._templates[choices][one] for one in ((name,) if name else _SCALARS)}

    def _text(self, choices: tuple[str, ...], name: str) -> str:
        """The values of a part as text; written once for all runs of these choices."""
        texts = self._texts.setdefault(choices, {})
        if name not in texts:
            texts[name] = json.dumps(self._values(choices, name))
        return texts[name]


@contextmanager
def composer(sweep: Sweep) -> Iterator[Composer]:
    """A composer whose primary config is the sweep's file without its grid: parsed once a group choice."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"sweep-{sweep.name}"
        OmegaConf.save(OmegaConf.create(sweep.base), Path(folder) / f"{name}.yaml")
        with initialize_config_dir(folder, version_base="1.3"):
            yield Composer(sweep, name)


@cache
def _plain(text: str) -> Override | None:
    """An override that sets a value of the composed config; None where it chooses a file, or is a sweep."""
    override = OverridesParser.create().parse_override(text)
    root, _, rest = override.key_or_group.partition(".")
    if override.type is not OverrideType.CHANGE or override.package is not None or root == "hydra":
        return None
    sets = not override.is_sweep_override() and (bool(rest) or root in _SCALARS) and not _is_group(override)
    return override if sets else None


def _is_group(override: Override) -> bool:
    return (CONF / override.key_or_group).is_dir()


@cache
def _blank() -> DictConfig:
    blank = OmegaConf.structured(RunConfig)
    with open_dict(blank):
        for name in _SECTIONS:
            del blank[name]
    return blank
