"""Saving a workspace at W&B, or one line that says what to do."""

import os

from src.dashboard.measured import ExperimentContents
from src.errors import UserError
from src.tracking.account import refusal

TIMEOUT = 20  # seconds that wandb may take for one request, retries included where it keeps to it


def publish(entity: str | None, project: str, experiment: str | None, found: ExperimentContents) -> str:
    """Save the workspace as a new view of the project; its address.

    Raises:
        UserError: no key, no answer, or W&B refuses.
    """
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    os.environ.setdefault("WANDB_HTTP_TIMEOUT", str(TIMEOUT))
    try:
        reason = refusal()
    except ConnectionError as error:
        reason = str(error)
    if reason is not None:
        raise UserError(f"W&B: {reason}; or --dry-run, which prints the workspace without W&B")
    import wandb

    from src.dashboard.workspace import workspace

    try:
        owner = entity or wandb.Api(timeout=TIMEOUT).default_entity
        if not owner:
            raise UserError("--entity: given nothing; accepted: a user or team of W&B, the key names none")
        return workspace(owner, project, experiment, found).save().url
    except UserError:
        raise
    except Exception as error:
        line = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"W&B: {line} (project {entity or 'your'}/{project})") from error
