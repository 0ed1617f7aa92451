"""The door: what Hydra composed becomes one typed RunConfig, or one line that says what is wrong."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.command.explain import explained, one_line
from src.command.presets import CONF, choices, choose_presets
from src.config import rules
from src.config.convert import Section, as_dict, as_section
from src.config.pair import PairConfig
from src.config.places import expanded, literal
from src.config.renamed import rename_keys, rename_overrides
from src.config.schema import ModelConfig, RunConfig
from src.data.prompt_templates import fitting_frames
from src.errors import ConfigError
from src.metrics.catalog import metric_names, names_needing

Config = TypeVar("Config", RunConfig, PairConfig)
# Hydra reads band=10000 as a number and refuses it; quoted, it is the name of a file.
_PATTERN = re.compile(r"^band=[0-9a-z,_]+$")
_NO_NAME = re.compile(r"null$|~$|[\[{]")


def _expand_user(key: str, *, _root_: DictConfig) -> str:
    """The path under a key, `~` as the home folder; asked by name: `${a:${b}}` would start a whole parser."""
    return expanded(str(OmegaConf.select(_root_, key)))


OmegaConf.register_new_resolver("expand_user", _expand_user, replace=True)


def run_config(*overrides: str) -> RunConfig:
    """The configuration that `python -m src.run` would have with these overrides; ConfigError: one line."""
    return _configured("config", RunConfig, overrides)


def pair_config(*overrides: str) -> PairConfig:
    """The same of `python -m src.compare`."""
    return _configured("probe", PairConfig, overrides)


def _configured(name: str, schema: type[Config], overrides: Sequence[str]) -> Config:
    check_choices(overrides)
    lines = read_overrides(overrides)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        try:
            found = compose(name, overrides=lines)
        except Exception as error:  # Hydra's composing: whatever it stumbles over was on the command line
            raise ConfigError(one_line(error, schema)) from error
    return typed(found, schema, given=lines)


def read_overrides(arguments: Sequence[str]) -> list[str]:
    """Overrides as Hydra understands them: present names of keys, presets, paths as they stand, 10000 as the
    name of a band.
    """
    lines = literal(choose_presets(rename_overrides(arguments)), RunConfig, PairConfig)
    return [_quoted(line) if _PATTERN.match(line) else line for line in lines]


@overload
def typed(composed: DictConfig, *, given: Sequence[str] = ()) -> RunConfig: ...
@overload
def typed(composed: DictConfig, schema: type[Config], given: Sequence[str] = ()) -> Config: ...
def typed(composed: DictConfig, schema: Any = RunConfig, given: Sequence[str] = ()) -> Any:
    """Merge a composed configuration into its schema; ConfigError for anything that does not fit.

    `given` are the overrides that it was composed with.
    """
    composed = renamed(composed, given)
    try:
        config = as_section(schema, composed)
    except OmegaConfBaseException as error:
        raise ConfigError(explained(error, composed, schema)) from error
    return checked(config)


def renamed(composed: DictConfig, given: Sequence[str] = ()) -> DictConfig:
    """A composed configuration by the present names of its keys, interpolations not resolved."""
    return OmegaConf.create(rename_keys(as_dict(composed), given))


def checked(config: Config) -> Config:
    """The configuration with families of metrics as their metrics; refuses what only the catalog can tell.

    Raises:
        ConfigError: an unknown metric, one that the objective cannot have, or a view's template that does
            not fit the prompt.
        DataError: fewer probe rows than a metric needs.
    """
    names = config.metrics.names = metric_names(config.metrics.names, config.data.num_probe)
    if names_needing(names, "views"):
        fitting_frames(config.metrics.view_templates, config.data.prompt)
    of_rows = names_needing(names, "row_gradients", "mean_gradients")
    if isinstance(config, RunConfig) and config.objective.of_kind.of_pairs and of_rows:
        accepted = f"another metric with objective={config.objective.name}, whose rows need each other"
        rules.refuse("metrics.names", of_rows[0], accepted)
    return config


def check_choices(overrides: Sequence[str]) -> None:
    """Refuse a group of conf/ that is given a list, a mapping or nothing: Hydra has no sentence for it."""
    for override in overrides:
        group, sign, given = override.partition("=")
        if sign and group.isidentifier() and (CONF / group).is_dir() and _NO_NAME.match(given):
            rules.refuse(group, given, ", ".join(choices(group)))


def model_named(text: str, dtype: str) -> ModelConfig:
    """The model that `NAME`, `NAME:VARIANT` or `ID@REVISION` means; a NAME is a file of conf/model.

    What names a folder names nothing else.

    Raises:
        ConfigError: the file has no such variant.
    """
    name, _, revision = (text, "", "") if Path(text).is_dir() else text.partition("@")
    name, _, variant = (name, "", "") if _is_path(name) else name.partition(":")
    preset = name if (CONF / "model" / f"{name}.yaml").is_file() and name != "hf" else None
    values = group_file("model", preset or "hf")
    values |= {"dtype": dtype} | ({"revision": revision} if revision else {})
    values |= ({"variant": variant} if variant else {}) | ({} if preset else {"id": name})
    return as_section(ModelConfig, values)


def _is_path(name: str) -> bool:
    return name.startswith((".", "/", "~")) or Path(name).is_dir()


def chosen(group: str, name: str, schema: type[Section], **changes: Any) -> Section:
    """A file of a group as its dataclass, for work that no command line configures."""
    return as_section(schema, group_file(group, name) | changes)


def group_file(group: str, name: str) -> dict[str, Any]:
    """A file of a group with the files that it builds on, as Hydra would compose it."""
    own = as_dict(OmegaConf.load(CONF / group / f"{name}.yaml"))
    parents = own.pop("defaults", [])
    return as_dict(OmegaConf.merge({}, *(group_file(group, parent) for parent in parents), own))


def _quoted(argument: str) -> str:
    key, _, value = argument.partition("=")
    return key + "=" + ",".join(f"'{part}'" if part.isdigit() else part for part in value.split(","))
