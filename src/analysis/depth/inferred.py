"""What no source states and Strata chose, in the words that stand wherever it shows."""

from collections.abc import Iterable, Sequence

from src.analysis.arms import Arm

SLOPE = "slope by least squares over relative depth, 0 the embedding output, 1 the last block"
WIDTH = "width as the share of layers that together hold half of the change, read inside the last of them"
CELLS = "choice of checkpoints and split of the runs into cells of model x objective"
_TRAIN = {"epochs": "train.epochs", "learning rate": "train.learning_rate"}


def inferred(arms: Sequence[Arm]) -> str:
    """All of it in one line; the values are those of the runs."""
    train = [f"{name} {values}" if (values := _values(arm.first.config.get(key) for arm in arms)) else name
             for name, key in _TRAIN.items()]  # fmt: skip
    return labelled(*control_words(arms), SLOPE, WIDTH, CELLS, *train)


def control_words(arms: Sequence[Arm]) -> list[str]:
    """The choices in the controls, by what their records call inferred; empty without a control."""
    records = [arm.record.get("control") or {} for arm in arms]
    named = list(dict.fromkeys(name for one in records for name in one.get("inferred", [])))
    if not named:
        return []
    told = [f"{_WORDS.get(name, name)}{_chosen(name, records)}" for name in named]
    return [f"control with {', '.join(told)}"]


def labelled(*choices: str) -> str:
    """Inferred: this; that."""
    return f"Inferred: {'; '.join(choices)}."


_WORDS = {"target": "r (the common relative size)", "weight_decay": "weight decay"}


def _chosen(name: str, records: Sequence[dict]) -> str:
    values = _values(one.get(name) for one in records if name in one.get("inferred", []))
    return f" {values}" if values else ""


def _values(found: Iterable) -> str:
    return " or ".join(dict.fromkeys(f"{one:g}" if isinstance(one, float) else str(one)
                                     for one in found if one is not None))  # fmt: skip
