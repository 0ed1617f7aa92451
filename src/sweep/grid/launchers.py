"""A launcher's file (conf/hydra/launcher): where jobs go and what each gets."""

from dataclasses import dataclass
from typing import Any

from src.command.compose import CONF
from src.command.explain import CONFIG_ERRORS, one_line
from src.config.convert import as_dict
from src.config.rules import refuse
from src.config.schema import RunConfig
from src.errors import ConfigError
from src.sweep.grid.expand import Composer
from src.sweep.grid.spec import PRINT, Cell

LOCAL = "local"
_NOT_SHAPE = ("_target_", "submitit_folder", "name")


@dataclass(frozen=True)
class Launcher:
    """Resources of one job."""

    name: str
    values: dict[str, Any]
    """The keys of hydra-submitit-launcher; for `local` those of Hydra's joblib-like pool: n_jobs."""

    @property
    def is_local(self) -> bool:
        """Whether jobs run on this machine."""
        return self.name == LOCAL

    @property
    def num_processes(self) -> int:
        """Processes that a job gets."""
        return int(self.values.get("nodes") or 1) * int(self.values.get("tasks_per_node") or 1)

    @property
    def shape(self) -> str:
        """What jobs of one array have in common."""
        return repr(sorted((key, value) for key, value in self.values.items() if key not in _NOT_SHAPE))


class Launchers:
    """Launchers by cell; each is composed once."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer
        self._known: dict[tuple[str, tuple[str, ...]], Launcher] = {}

    def of(self, cell: Cell) -> Launcher:
        """The launcher of a cell.

        Raises:
            ConfigError: there is no such file, or an override does not fit it.
        """
        key = (cell.launcher, cell.resources)
        if key not in self._known:
            self._known[key] = self._read(*key)
        return self._known[key]

    def _read(self, name: str, resources: tuple[str, ...]) -> Launcher:
        names = sorted(path.stem for path in (CONF / "hydra" / "launcher").glob("[!_]*.yaml"))
        if name not in names:
            refuse("launcher", name, ", ".join([*names, PRINT]))
        try:
            composed = self._composer.composed((f"hydra/launcher={name}", *resources), hydra=True)
        except CONFIG_ERRORS as error:
            raise ConfigError(f"launcher {name}: {one_line(error, RunConfig)}") from error
        node = as_dict(composed.hydra.launcher)
        return Launcher(name, {key: value for key, value in node.items() if key not in _NOT_SHAPE})


def check_shape(config: RunConfig, launcher: Launcher, line: str) -> None:
    """Refuse a run whose processes are not those that its launcher starts (ConfigError)."""
    asked = config.train.num_processes
    if launcher.is_local:
        return
    given = launcher.num_processes
    if asked != given:
        refuse(
            f"train.num_processes of the run {line!r}",
            asked,
            f"{given}, because launcher {launcher.name} starts tasks_per_node="
            f"{launcher.values.get('tasks_per_node')} on nodes={launcher.values.get('nodes')}",
        )
    gpus, tasks = launcher.values.get("gpus_per_node"), launcher.values.get("tasks_per_node")
    if gpus is not None and gpus != tasks:
        refuse(
            f"hydra.launcher.gpus_per_node of launcher {launcher.name}", gpus, f"{tasks}, one for each task"
        )
