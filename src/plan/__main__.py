"""What a run will need on one device, before it is queued; mid-block beside LoRA.

python -m src.plan model=olmo2_32b method=midblock [any override of src.run]
python -m src.plan power sweeps/band_study_small.yaml --from runs/EXPERIMENT     what a study could tell
"""

import sys
from dataclasses import replace

from src.command.compose import run_config
from src.command.program import parser_of, run_command
from src.command.terminal import console
from src.config.schema import RunConfig

_GIB = 2**30
_LEGEND = """\
Counted on the model's own code, without weights. Every position is taken for a supervised one: the
head's share is an upper bound. Not in it: transient gradients of activations, what the allocator
leaves between blocks of memory, the device's own context. 10-20 % more is wise."""


def main(arguments: list[str] | None = None) -> None:
    """Print the estimate of the chosen run, of lora and of midblock."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["power"]:
        _power(words[1:])
        return
    parser = parser_of("src.plan", __doc__)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as for src.run")
    overrides = parser.parse_intermixed_args(words).overrides
    config = _composed(overrides)
    others = [_composed([*_without_method(overrides), f"method={name}"]) for name in ("lora", "midblock")]
    _show(config, [one for one in others if one.method.name != config.method.name])


def _power(arguments: list[str]) -> None:
    from src.plan.power_command import power, power_parser
    from src.plan.swept import Swept, settings_in
    from src.sweep.grid.expand import composer
    from src.sweep.grid.spec import read_sweep

    options = power_parser().parse_intermixed_args(arguments)
    if options.sweep is None:
        power(options)
        return
    sweep = read_sweep(options.sweep, options.overrides, None)
    trained = [cell.overrides for cell in sweep.cells if "method=frozen" not in cell.overrides]
    with composer(sweep) as composed:
        swept = [Swept(composed.run(chosen), bands) for chosen, bands in settings_in(trained).items()]
    power(options, trained, swept)


def _composed(overrides: list[str]) -> RunConfig:
    config = run_config(*overrides)
    return replace(config, record=replace(config.record, mode="none"))


def _without_method(overrides: list[str]) -> list[str]:
    """A comparison keeps rank, scaling and everything else; only the method and its band change."""
    return [text for text in overrides if not text.startswith(("method=", "band="))]


def _show(config: RunConfig, others: list[RunConfig]) -> None:
    from rich.table import Table

    from src.plan.memory import estimate  # torch comes with it

    found = [estimate(one) for one in (config, *others)]
    rows, length = config.train.batch_size, config.data.max_length
    held = "" if config.model.quantization == "none" else f", blocks in {config.model.quantization}"
    title = (
        f"{config.model.name} in {config.model.dtype}{held}, {rows} x {length} tokens, {_ranks(config)}, GiB"
    )
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
        **({"weights on each while it measures": lambda one: _gib(one.measuring)} if sharded else {}),
    }
    for name, text in lines.items():
        table.add_row(name, *(text(one) for one in found))
    console().print(table)
    print(_LEGEND)


def _ranks(config: RunConfig) -> str:
    count = config.train.num_processes
    return "one device" if count == 1 else f"{count} devices, activations of one"


def _gib(size: float) -> str:
    return f"{size / _GIB:.2f}"


if __name__ == "__main__":
    run_command(main)
