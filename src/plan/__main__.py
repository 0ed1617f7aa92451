"""What a run will need on one device, before it is queued; mid-block beside LoRA.

python -m src.plan model=olmo2_32b method=midblock [any override of src.run]
"""

import sys
from dataclasses import replace

from hydra import compose, initialize_config_dir
from rich.console import Console
from rich.table import Table

from src.command.compose import CONF, CONFIG_ERRORS, one_line, quote_patterns, typed
from src.command.entry import exit_with
from src.config.schema import RunConfig
from src.errors import UserError

_GIB = 2**30
_LEGEND = """\
Counted on the model's own code, without weights. Every position is taken for a supervised one: the
head's share is an upper bound. Not in it: transient gradients of activations, what the allocator
leaves between blocks of memory, the device's own context. 10-20 % more is wise."""


def main(overrides: list[str]) -> None:
    """Print the estimate of the chosen run, of lora and of midblock."""
    if {"-h", "--help"} & set(overrides):
        print(__doc__)
        return
    try:
        config = _composed(overrides)
        others = [_composed([*_without_method(overrides), f"method={name}"]) for name in ("lora", "midblock")]
        _show(config, [one for one in others if one.method.name != config.method.name])
    except CONFIG_ERRORS as error:
        exit_with(one_line(error, RunConfig))
    except UserError as error:
        exit_with(str(error))


def _composed(overrides: list[str]) -> RunConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = typed(compose("config", overrides=quote_patterns(overrides)))
    return replace(config, record=replace(config.record, mode="none"))


def _without_method(overrides: list[str]) -> list[str]:
    """A comparison keeps rank, scaling and everything else; only the method and its band change."""
    return [text for text in overrides if not text.startswith(("method=", "band="))]


def _show(config: RunConfig, others: list[RunConfig]) -> None:
    from src.plan.memory import estimate  # torch comes with it

    found = [estimate(one) for one in (config, *others)]
    rows, length = config.train.batch_size, config.data.max_length
    title = f"{config.model.name} in {config.model.dtype}, {rows} x {length} tokens, {_ranks(config)}, GiB"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for one in found:
        table.add_column(one.method, justify="right")
    sharded = config.train.num_processes > 1
    lines = {
        "trained parameters": lambda one: f"{one.trainable:,}",
        "blocks that backward passes": lambda one: f"{one.backward_blocks} of {one.num_blocks}",
        "PFLOP a step": lambda one: f"{one.flops / 1e15:.3f}",
        "weights": lambda one: _gib(one.weights),
        "gradients": lambda one: _gib(one.gradients),
        "optimizer": lambda one: _gib(one.optimizer),
        "activations": lambda one: _gib(one.activations),
        "  with checkpointing": lambda one: _gib(one.activations_checkpointed),
        **({"whole while it computes": lambda one: _gib(one.gathered)} if sharded else {}),
        f"total{' on each' if sharded else ''}": lambda one: _gib(one.total(False)),
        "  total with checkpointing": lambda one: _gib(one.total(True)),
    }
    for name, text in lines.items():
        table.add_row(name, *(text(one) for one in found))
    console = Console(width=100)
    console.print(table)
    console.print(_LEGEND, highlight=False)


def _ranks(config: RunConfig) -> str:
    count = config.train.num_processes
    return "one device" if count == 1 else f"{count} devices, activations of one"


def _gib(size: float) -> str:
    return f"{size / _GIB:.2f}"


if __name__ == "__main__":
    main(sys.argv[1:])
