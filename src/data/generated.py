"""Rows that reasoning-gym generates: no network, as many as asked for."""

from difflib import get_close_matches
from typing import Any

from src.config.schema import DataConfig
from src.data.rows import Row, make_row, prompt_key
from src.data.source import Pool
from src.errors import ConfigError, DataError

# Draws for each row asked for. Drawing n different rows out of exactly n possible ones takes about n * ln(n)
# draws, so 20 a row exhausts any space that is barely large enough, and stops in one that is not.
DRAWS_PER_ROW = 20


class Generated:
    """`data.generator`."""

    def load(self, config: DataConfig, num_further: int) -> Pool:
        """As many rows as are asked for."""
        asked = (
            config.num_test + config.num_probe + (config.num_train or 0)
        )  # a number: the schema sees to it
        rows, num_duplicates = generate_rows(config, asked + num_further)
        name = f"reasoning-gym {config.generator}, seed {config.seed}"
        return Pool(rows, None, name, num_duplicates, drawn=True)

    def content(self, config: DataConfig) -> list[str] | None:
        """Nothing beside the settings and the code."""
        return []


def generate_rows(config: DataConfig, num_rows: int) -> tuple[list[Row], int]:
    """Draw until `num_rows` rows with different prompts are found.

    The draws depend on `config.seed` alone, and a larger `num_rows` only adds rows at the end. Text fields of
    the generator's metadata (such as `answer_cot` of gsm_symbolic) may be used in the templates.

    Returns:
        The rows and the number of draws dropped as duplicates.

    Raises:
        ConfigError: Unknown generator or options it does not take.
        DataError: The generator has fewer than `num_rows` different prompts, or a record is not usable.
    """
    from src.runtime import seeding  # torch comes with it

    num_draws = num_rows * DRAWS_PER_ROW
    found: dict[str, Row] = {}
    with seeding.isolated(config.seed, "generate"):  # some generators draw from Python's global stream
        records = _create(config, num_draws)
        for index in range(num_draws):
            row = make_row(_flat(records[index]), config, f"{config.generator} row {index}")
            found.setdefault(prompt_key(row), row)
            if len(found) == num_rows:
                return list(found.values()), index + 1 - num_rows
    raise DataError(
        f"data.generator={config.generator}: {len(found)} different rows in {num_draws} draws; "
        f"asked for {num_rows} (data.num_test + data.num_probe + data.num_train); "
        "ask for fewer, or widen data.generator_options"
    )


def _create(config: DataConfig, size: int) -> Any:
    """The generator's data set; its items are made when they are asked for."""
    from reasoning_gym.factory import DATASETS, create_dataset

    if config.generator not in DATASETS:
        near = get_close_matches(config.generator, DATASETS, n=3, cutoff=0.4) or sorted(DATASETS)[:5]
        raise ConfigError(
            f"data.generator: given {config.generator!r}; "
            f"accepted: a reasoning-gym data set, such as {', '.join(near)}"
        )
    try:
        return create_dataset(config.generator, seed=config.seed, size=size, **config.generator_options)
    except (TypeError, ValueError, AssertionError) as error:
        raise ConfigError(
            f"data.generator_options: given {config.generator_options}; "
            f"{config.generator} refuses them ({error})"
        ) from error


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """Question and answer beside the text fields of the metadata."""
    extra = {key: value for key, value in record["metadata"].items() if isinstance(value, str)}
    return {**extra, "question": record["question"], "answer": record["answer"]}
