"""Turns a hub id or a local folder into a folder on this machine."""

import logging
from pathlib import Path

from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    IncompleteSnapshotError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from src.config.places import expanded
from src.errors import ModelError
from src.model.folder import check_folder
from src.storage.files import storage_errors

TIMEOUT = 8.0  # seconds to wait for the hub's first answer
WANTED = [
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template*",
    "vocab*",
    "merges.txt",
    "*.model",
]
UNWANTED = ["*/*", "consolidated*"]  # other formats of the same weights, and the same weights a second time
OFFLINE_CHOICES = "offline choices: model=smollm2_135m, model=tiny_llama, model=hf model.id=FOLDER"

log = logging.getLogger(__name__)


def is_local(model_id: str) -> bool:
    """Whether an id means a folder: it exists, or is spelled as a path."""
    path_like = model_id.startswith((".", "/", "~", "$")) or model_id.count("/") > 1
    return path_like or Path(model_id).is_dir()


def local_folder(model_id: str, revision: str | None) -> Path:
    """The folder an id means.

    Raises:
        ModelError: where a revision is asked of it.
    """
    if revision is not None:
        raise ModelError(
            f"model.revision: given {revision!r}; accepted: null, because {model_id} is a folder"
        )
    return Path(expanded(model_id))


def fetch(model_id: str, revision: str | None) -> Path:
    """The snapshot folder of a hub model, downloaded where needed; its name is the resolved commit.

    Without network, or with HF_HUB_OFFLINE=1, the cached snapshot of the revision serves.

    Raises:
        ModelError: in one line, for everything that can be wrong with the id, the revision or the network.
    """
    if model_id in ("", "???"):
        raise ModelError(
            "model.id: missing; accepted: a hub id or a folder, as in model=hf model.id=HUB_ID_OR_FOLDER"
        )
    try:
        # Asked first because the download itself would wait without limit.
        HfApi().model_info(model_id, revision=revision, timeout=TIMEOUT)
    except HFValidationError as error:
        raise ModelError(
            f"model.id: given {model_id!r}; accepted: OWNER/NAME on the hub, or a folder"
        ) from error
    except RevisionNotFoundError as error:
        raise ModelError(f"model.revision: {model_id} has no branch, tag or commit {revision!r}") from error
    except (HTTPError, OSError, LookupError, TypeError, ValueError) as error:  # a login page answers, too
        return _cached(model_id, revision, error)
    return _downloaded(model_id, revision)


def _downloaded(model_id: str, revision: str | None) -> Path:
    """Complete the snapshot over the network, and note for later which commit the revision stands for."""
    try:
        with storage_errors(Path(constants.HF_HUB_CACHE)):
            return Path(_snapshot(model_id, revision, local=False))
    except GatedRepoError as error:  # gated models answer questions, and refuse files
        raise ModelError(_reason(model_id, error)) from error
    except (HTTPError, OSError) as error:
        kind = type(error).__name__
        raise ModelError(
            f"{model_id}: the download was cut off ({kind}); start again to go on with it"
        ) from error


def _cached(model_id: str, revision: str | None, cause: Exception) -> Path:
    """The cached snapshot, because the hub did not answer; `cause` is why."""
    try:
        folder = Path(_snapshot(model_id, revision, local=True))
    except IncompleteSnapshotError as error:
        check_folder(Path(error.snapshot_path))  # names the file, where it is one that loading needs
        raise ModelError(f"{error.snapshot_path}: incomplete, and {_reason(model_id, cause)}") from error
    except LocalEntryNotFoundError as error:
        if isinstance(cause, RepositoryNotFoundError):
            raise ModelError(_reason(model_id, cause)) from cause
        wanted = model_id if revision is None else f"revision {revision!r} of {model_id}"
        raise ModelError(
            f"model.id: {wanted} is not cached and {_reason(model_id, cause)}; {OFFLINE_CHOICES}"
        ) from error
    log.info("%s: %s; the cached snapshot %s serves", model_id, _reason(model_id, cause), folder.name)
    return folder


def _snapshot(model_id: str, revision: str | None, local: bool) -> str:
    return snapshot_download(
        model_id, revision=revision, allow_patterns=WANTED, ignore_patterns=UNWANTED, local_files_only=local
    )


def _reason(model_id: str, error: Exception) -> str:
    """Why the hub does not help, in our words: answers of servers may repeat what was sent to them."""
    if isinstance(error, GatedRepoError):
        return (
            f"{model_id} is gated: accept its terms on its page on the hub, then log in with `hf auth login`"
        )
    if isinstance(error, RepositoryNotFoundError):
        return (
            f"{model_id} is not on the hub, or is private: check the spelling, or log in with `hf auth login`"
        )
    if isinstance(error, OfflineModeIsEnabled):
        return "the hub may not be asked (HF_HUB_OFFLINE is set)"
    if isinstance(error, HfHubHTTPError):
        return f"the hub answered with status {error.response.status_code}"
    return f"the hub cannot be reached ({type(error).__name__})"
