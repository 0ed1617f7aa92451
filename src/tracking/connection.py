"""Opening a run of W&B: online if that is asked for and possible, else offline, in bounded time.

Every attempt at a run replaces the one before it, here and on the server: it begins with all that the run's
files hold. So there is one whole account of a run, whatever was killed or cut off on the way, and
`wandb sync` neither misses a step nor sends one twice.
"""

import logging
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from src.config.schema import RunConfig
from src.tracking.account import refusal, server
from src.tracking.names import ARM, GROUP, bounded, run_arm, run_name, run_tags
from src.tracking.series import AXES

STARTING, ENDING = 9, 9
"""Seconds that a server may take for `wandb.init`, and for what is left at the end."""
_LOG = logging.getLogger(__name__)


def open_run(config: RunConfig, run_id: str, folder: Path, mode: str) -> tuple[Any, str]:
    """The run of wandb, and its mode: offline, with a warning that tells how to send it, if online fails.

    Raises:
        Exception: whatever wandb raises where not even the disk takes the run.
    """
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # else W&B reports on itself, at exit too
    server()  # without an address wandb does not start offline either
    if mode == "online":
        reason = refusal()
        if reason is None:
            try:
                return _start(config, run_id, folder, mode), mode
            except Exception as error:
                reason = first_line(error)
        warn(f"{reason}; offline from here, {later(folder)}", folder)
    return _start(config, run_id, folder, "offline"), "offline"


def attempts(folder: Path) -> set[Path]:
    """W&B's folders of the attempts at a run."""
    return {path for path in (folder / "wandb").glob("*run-*") if path.is_dir() and not path.is_symlink()}


def forget(paths: set[Path]) -> None:
    """Remove attempts that a later one has replaced."""
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)


def let_go() -> None:
    """End W&B's process: a second start under the same id is refused otherwise."""
    import wandb

    try:
        wandb.teardown()
    except Exception as error:
        _LOG.debug("W&B's service had ended: %s", error)


def warn(reason: str, folder: Path) -> None:
    """Say what W&B lacks, and that nothing else does."""
    _LOG.warning("W&B: %s (the files in %s are complete without it)", reason, folder)


def later(folder: Path) -> str:
    """What a person types to send what the server lacks; wandb leaves half-sent runs out unless told."""
    return f"later: wandb sync --include-online {folder / 'wandb'}"


def first_line(error: Exception) -> str:
    """An error of W&B in one line."""
    return (str(error) or type(error).__name__).splitlines()[0]


def _start(config: RunConfig, run_id: str, folder: Path, mode: str) -> Any:
    """wandb.init; where it fails, nothing of the attempt is left."""
    import wandb

    before = attempts(folder)
    try:
        run = wandb.init(**_options(config, run_id, folder, mode))
        for prefix, axis in AXES.items():
            run.define_metric(f"{prefix}/*", step_metric=axis)
    except Exception:
        let_go()
        forget(attempts(folder) - before)
        raise
    return run


def _options(config: RunConfig, run_id: str, folder: Path, mode: str) -> dict[str, Any]:
    import wandb

    values, name = asdict(config), run_name(run_id)
    timeouts: dict[str, Any] = {
        "init_timeout": STARTING,
        "finish_timeout": ENDING,
        "finish_timeout_raises": True,
    }
    return {
        "mode": mode,
        "project": config.record.project,
        "entity": config.record.entity,
        "id": name,
        "name": name,
        "group": bounded(config.experiment, GROUP),
        "tags": run_tags(config),
        "config": {key: value for key, value in values.items() if key not in ("paths", "record")}
        | {ARM: run_arm(config)},
        "dir": str(folder),
        "settings": wandb.Settings(console="off", silent=True, disable_git=True, **timeouts),
    }
