"""A sweep's runs: each with its id, its folder, its configuration and its launcher."""

from dataclasses import dataclass, replace
from pathlib import Path

from src.config.places import check_name, expanded
from src.config.rules import refuse
from src.config.schema import PathsConfig, RunConfig
from src.sweep.grid.expand import composer
from src.sweep.grid.launchers import Launcher, Launchers, check_shape
from src.sweep.grid.run_ids import Contents, Shared
from src.sweep.grid.spec import Sweep


@dataclass(frozen=True)
class Planned:
    """One run of a sweep."""

    id: str
    folder: Path
    config: RunConfig
    line: str
    """Its overrides, as the command line would have them."""
    launcher: Launcher

    @property
    def num_processes(self) -> int:
        """Processes that this run is spread over."""
        return self.config.train.num_processes

    @property
    def key(self) -> str:
        """Experiment and id: unique in a sweep."""
        return f"{self.config.experiment}/{self.id}"


@dataclass(frozen=True)
class Plan:
    """All runs of a sweep, and where it keeps its own files."""

    name: str
    folder: Path
    runs: list[Planned]
    unread: tuple[str, ...] = ()
    """Why ids are not final: rows that could not be read when only a list was asked for."""


def make_plan(sweep: Sweep, only_list: bool = False) -> Plan:
    """Expand a sweep; everything that can be refused about its runs is refused here.

    With `only_list`, rows that the hub does not give now are no reason to refuse.

    Raises:
        ConfigError: an unknown key, preset or launcher, a run given twice, processes that do not fit.
    """
    contents = Contents(only_list)
    found: dict[str, Planned] = {}
    with composer(sweep) as composed:
        launchers = Launchers(composed)
        cache_dir, runs_dir, experiment = composed.places()
        with composed.remembering(Path(expanded(cache_dir))):
            configs = [composed.run(cell.overrides) for cell in sweep.cells]
        absolute = Shared(_absolute)
        for cell, relative in zip(sweep.cells, configs, strict=True):
            config = replace(relative, paths=absolute(relative.paths))
            line = " ".join(cell.overrides)
            launcher = launchers.of(cell)
            check_shape(config, launcher, line)
            folder = Path(config.paths.runs_dir) / config.experiment
            run = Planned(id_ := contents.id(config), folder / id_, config, line, launcher)
            if run.key in found:
                twins = " and ".join(text or "no overrides" for text in (found[run.key].line, line))
                refuse("sweep", twins, f"each run once; both are {run.id}")
            found[run.key] = run
        runs = list(found.values())
    folder = runs[0].folder.parent
    if len({run.config.experiment for run in runs}) > 1:
        check_name("experiment", experiment)
        folder = _runs_dir(runs_dir) / experiment
    return Plan(sweep.name, folder / ".sweep" / sweep.name, runs, tuple(contents.unread))


def _runs_dir(text: str) -> Path:
    return Path(expanded(text)).absolute()


def _absolute(paths: PathsConfig) -> PathsConfig:
    """Paths that hold in any folder; they are no part of an id."""
    return replace(
        paths, runs_dir=str(_runs_dir(paths.runs_dir)), cache_dir=str(Path(paths.cache_dir).absolute())
    )
