"""Train, probe and test rows that never share a prompt."""

from dataclasses import dataclass

from src.config.schema import DataConfig
from src.data.catalog import source_of
from src.data.chat.forms import check_one_form
from src.data.chat.template_file import template_text
from src.data.rows import Row, drop_duplicates, prompt_key
from src.errors import DataError
from src.runtime import seeding
from src.storage.files import fingerprint


@dataclass(frozen=True)
class Splits:
    """The rows of a run; the same for every run seed, because only `data.seed` draws them."""

    train: list[Row]
    probe: list[Row]
    """Rows that neither train nor score: representations are measured on them."""
    test: list[Row]
    fingerprint: str
    """sha256 over prompt, completion and label of all three splits, in order; of chats over their messages;
    over the validation rows where there are some, and over the file that data.chat_template names."""
    source: str
    """Where the rows come from, for the record."""
    further_probe: list[list[Row]]
    """More sets of probe rows, of the same size; they take nothing from the other splits."""
    validation: list[Row]
    """Rows that a choice may be made on, as that of a learning rate; nor do these."""
    num_duplicates: int
    """Rows dropped because their prompt (white space and case aside) was there already."""
    form: str | None = None
    """Of chats: which form of record was recognised."""


def load_splits(config: DataConfig, num_probe_sets: int = 1, trains: bool = True) -> Splits:
    """Read or generate the rows and cut them.

    With one source, test, probe and train rows are cut in this order from one permutation. With a source of
    its own for testing, the test rows are cut from a permutation of that, and a prompt that it holds is used
    nowhere else. Further sets of probe rows and validation rows come from what is left over. Where nothing
    trains (`trains`), fewer training rows than data.num_train are enough, or none.

    Raises:
        DataError: There are fewer different rows than asked for, or a source cannot be used.
        ConfigError: A generator or its options do not exist.
    """
    num_further = (num_probe_sets - 1) * config.num_probe
    num_spare = num_further + config.num_validation
    pool = source_of(config).load(config, num_spare)
    source, num_duplicates = pool.name, pool.num_duplicates
    form = check_one_form([*pool.rows, *(pool.tests or [])], source)
    parts = ("probe", "train") if trains else ("probe",)
    if pool.tests is None:
        rows = drop_duplicates(pool.rows, set())
        num_duplicates += len(pool.rows) - len(rows)
        _check_enough(source, len(rows), config, ("test", *parts))
        asked = config.num_test + config.num_probe + (config.num_train or 0)
        num_shuffled = asked if pool.drawn else len(rows)
        rows = [*_shuffled(rows[:num_shuffled], config.seed, "pool"), *rows[num_shuffled:]]
        test, rows = rows[: config.num_test], rows[config.num_test :]
    else:
        tests = drop_duplicates(pool.tests, set())
        rows = drop_duplicates(pool.rows, {prompt_key(row) for row in tests})
        num_duplicates += len(pool.tests) - len(tests) + len(pool.rows) - len(rows)
        _check_enough(f"{source}, test source", len(tests), config, ("test",))
        _check_enough(f"{source}, training source", len(rows), config, parts)
        test = _shuffled(tests, config.seed, "test")[: config.num_test]
        rows = _shuffled(rows, config.seed, "pool")
    num_train = config.num_train or max(1, len(rows) - config.num_probe - num_spare)
    probe, train = rows[: config.num_probe], rows[config.num_probe :][:num_train]
    spare = rows[config.num_probe + num_train :][:num_spare]
    if len(spare) < num_spare:
        given = f"{len(spare)} rows are left over for {num_probe_sets - 1} more sets of {config.num_probe}"
        more = f" and {config.num_validation} more (data.num_validation)" if config.num_validation else ""
        raise DataError(f"{source}: {given} (probe.seeds, data.num_probe){more}")
    further = [spare[start : start + config.num_probe] for start in range(0, num_further, config.num_probe)]
    validation = spare[num_further:]
    cut = (train, probe, test, *([validation] if validation else []))
    content = [[_content(row) for row in part] for part in cut]
    template = config.chat_template
    mark = fingerprint(content if template is None else [*content, template_text(template)])
    return Splits(train, probe, test, mark, source, further, validation, num_duplicates, form)


def _content(row: Row) -> list[str]:
    if row.chat is not None:
        return [row.chat.content]
    return [row.prompt, row.completion] + ([] if row.label is None else [row.label])


def _check_enough(source: str, num_rows: int, config: DataConfig, parts: tuple[str, ...]) -> None:
    """Refuse to hand out fewer rows than asked for."""
    asked = {f"data.num_{part}": getattr(config, f"num_{part}") or 1 for part in parts}
    if num_rows < sum(asked.values()):
        wanted = " + ".join(f"{key}={count}" for key, count in asked.items())
        raise DataError(f"{source}: {num_rows} different rows; asked for {sum(asked.values())} ({wanted})")


def _shuffled(rows: list[Row], seed: int, name: str) -> list[Row]:
    """The rows in a random order that depends on the seed and their number."""
    return [rows[index] for index in seeding.permutation(len(rows), seed, "split", name)]
