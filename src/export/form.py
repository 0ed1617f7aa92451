"""What every export is: a file's text, and a line for each thing that the tool cannot express."""

from dataclasses import dataclass, field
from typing import Any

import yaml

from src.errors import DataError
from src.export.handover import Handover
from src.method.spans import spans_text


@dataclass
class Form:
    """One file for one tool."""

    name: str
    """Of the file."""
    text: str
    notes: list[str] = field(default_factory=list)
    """What the tool cannot express, or what a person must fill in; a line each."""


def as_yaml(about: str, values: dict[str, Any], notes: list[str]) -> str:
    """A YAML file that opens with what it was made from and what it leaves out; None is left out."""
    head = "".join(f"# {line}\n" for line in (about, *notes))
    kept = {key: value for key, value in values.items() if value is not None}
    return head + yaml.safe_dump(kept, sort_keys=False, default_flow_style=False)


def about(run: Handover, tool: str) -> str:
    """The first line of every file."""
    blocks = f"blocks {spans_text(run.blocks, ', ')} of {run.num_blocks}"
    return f"The band of the run {run.run}, for {tool}; {blocks}."


def one_rank(run: Handover, tool: str) -> tuple[int, float]:
    """The rank and the alpha of all layers, for a tool that knows one of each.

    Raises:
        DataError: layers have ranks of their own.
    """
    if run.rank is None or run.alpha is None:
        ranks = sorted(set(run.ranks.values()))
        raise DataError(
            f"--to {tool}: given ranks {ranks[0]} to {ranks[-1]}, layer by layer; it knows one rank for all; "
            "accepted: --to peft or --to axolotl"
        )
    return run.rank, run.alpha


def beyond(run: Handover) -> list[str]:
    """What the run did beside plain steps on its rows, which no other trainer can be told: a line or none."""
    return [f"the run had {', '.join(run.beyond)}; here it is left out"] if run.beyond else []


def whole_alpha(alpha: float, notes: list[str]) -> int | float:
    """An alpha as the whole number that most tools want; a note where it has to be rounded."""
    if float(alpha).is_integer():
        return int(alpha)
    notes.append(f"alpha is {alpha:g} in the run and {round(alpha)} here: the tool takes whole numbers only")
    return max(1, round(alpha))


def only_lora(run: Handover, tool: str, otherwise: str) -> None:
    """Refuse a run that trained the weights themselves.

    Raises:
        DataError: the tool has no key for a band of full weights.
    """
    if not run.low_rank:
        raise DataError(f"--to {tool}: given a run of full weights; it has no key for a band; {otherwise}")


def steps_of(run: Handover) -> dict[str, Any]:
    """The steps of a run under the names that transformers' Trainer has for them; None: not said.

    Raises:
        DataError: the run's optimizer is not AdamW, or it did not learn the next token.
    """
    train = run.train
    if run.objective != "causal_lm":
        raise DataError(
            f"--to: given a run with objective={run.objective}; accepted: one with causal_lm, which trainers "
            "of decoders have; --to peft"
        )
    if train.get("optimizer", "adamw") != "adamw":
        given = f"train.optimizer={train['optimizer']}"
        raise DataError(
            f"--to: given a run with {given}; accepted: one with adamw, whose keys all tools have"
        )
    return {
        "learning_rate": train["learning_rate"],
        "lr_scheduler_type": train["schedule"],
        "warmup_steps": train["warmup_steps"],
        "max_steps": train["max_steps"],
        "num_train_epochs": train["epochs"],
        "per_device_train_batch_size": train["batch_size"],
        "gradient_accumulation_steps": train["gradient_accumulation_steps"],
        "weight_decay": train["weight_decay"],
        "max_grad_norm": train["max_grad_norm"],
        "adam_beta1": train["beta1"],
        "adam_beta2": train["beta2"],
        "adam_epsilon": train["epsilon"],
        "bf16": train["precision"] == "bfloat16",
        "seed": run.seed,
    }
