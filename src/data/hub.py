"""Rows from a data set on the hub, or from a local folder that `datasets` can load."""

from pathlib import Path
from typing import Any

from src.config.schema import DataConfig
from src.data.rows import Row, make_row
from src.data.source import Pool
from src.errors import DataError

TIMEOUT = 8.0  # seconds to wait for the hub's first answer


class Hub:
    """`data.id`."""

    def load(self, config: DataConfig, num_further: int) -> Pool:
        """The rows of the two splits.

        Raises:
            DataError: no split to train on was named, or a split cannot be read.
        """
        if config.train_split is None:
            raise DataError(f"data.train_split: given None; accepted: the name of a split of {config.id}")
        tests = None if config.test_split is None else load_rows(config, config.test_split)
        name = f"{config.id} {config.hub_config or ''}".strip()
        return Pool(load_rows(config, config.train_split), tests, name)

    def content(self, config: DataConfig) -> list[str] | None:
        """The hub decides."""
        return None


def load_rows(config: DataConfig, split: str) -> list[Row]:
    """Read one split of `config.id`, in its order, without records shorter than `min_characters`.

    Raises:
        DataError: The data set cannot be reached and is not cached, or has no such configuration or split,
            or a record is not usable.
    """
    import datasets

    hub_id = str(config.id)
    name = hub_id if config.hub_config is None else f"{hub_id} ({config.hub_config})"
    try:
        _require_answer(hub_id)
        records = datasets.load_dataset(hub_id, config.hub_config, split=split)
    except datasets.exceptions.DatasetNotFoundError as error:
        raise DataError(
            f"data.id={name}: no such data set, or it needs a login ({first_line(error)})"
        ) from error
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        if is_unreachable(error):
            raise DataError(
                f"data.id={name}: cannot be reached and is not cached ({first_line(error)}); "
                "without a network: data=arithmetic, data=gsm_symbolic or data.path=FILE"
            ) from error
        raise DataError(
            f"data.id={name}: split {split!r} cannot be loaded ({first_line(error)}); "
            "see data.hub_config, data.train_split, data.test_split"
        ) from error
    return [
        make_row(record, config, f"{name} {split} row {index}")
        for index, record in enumerate(records)
        if _is_long_enough(record, config)
    ]


def _is_long_enough(record: dict[str, Any], config: DataConfig) -> bool:
    shown = [str(record.get(name, "")).strip() for name in config.fields]
    return not config.min_characters or max(map(len, shown), default=0) >= config.min_characters


def _require_answer(hub_id: str) -> None:
    """Ask the hub once before `datasets` does, which would go on asking for half a minute.

    Raises:
        ConnectionError: The hub does not answer and nothing of the data set is cached.
    """
    from datasets import config
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HTTPError

    cached = Path(config.HF_DATASETS_CACHE, hub_id.replace("/", "___")).exists()
    if cached or config.HF_HUB_OFFLINE or Path(hub_id).exists():
        return
    try:
        HfApi().dataset_info(hub_id, timeout=TIMEOUT)
    except HfHubHTTPError:
        return  # it answers: `datasets` finds out what is wrong, and says it
    except (HTTPError, OSError) as error:
        raise ConnectionError(f"the hub does not answer, {type(error).__name__}") from error


def is_unreachable(error: Exception) -> bool:
    """Whether `datasets` failed for want of a network rather than for what was asked of it."""
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    kinds = (ConnectionError, TimeoutError, HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled)
    return isinstance(error, kinds) or "Couldn't find cache" in str(error)


def first_line(error: Exception) -> str:
    """The first line of a library's message, or its kind where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
