"""From a probe profile to a band and a rank for every block, as a preset that `src.run` takes.

python -m src.suggest runs/EXPERIMENT/ID [more runs ...] [--by NAME] [--rank R] [--out FILE]

The budget is that of LoRA with rank R on every block. Without --out, the preset is printed. With
--out sweeps/suggested/NAME.yaml it is used so:

python -m src.run --config-dir sweeps +suggested=NAME

--by causal takes what `python -m src.intervene` found in the run: what each block carries of the gain, and
not how far it moved. It needs a run of the whole stack to learn that from.

The rule, why it is so, and what it cannot know stand in src/suggest/rule.py. Without --by the best
profile that the runs measured is taken, and said: gradients (fisher_trace), else a change of the whole
stack. Gradients are measured at the pretrained weights, so a run of one step will do:

python -m src.run train.max_steps=1 metrics.names=[fisher_trace] metrics.num_gradient_rows=64 evaluate=none
"""

import argparse
import sys
from pathlib import Path

from src.command.program import parser_of, path_of, run_command, runs_path
from src.config import rules
from src.storage.files import write_text
from src.suggest.block_demand import GRADIENTS, SHORT, best_measured, demands, measuring
from src.suggest.preset import preset
from src.suggest.rule import allocate, shortest_band


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    options = _parser().parse_args(arguments)
    text = suggest(options)
    if options.out is None:
        print(text, end="")
        return
    write_text(options.out, text)
    print(f"written: {options.out}")


def suggest(options: argparse.Namespace) -> str:
    """The preset that the options ask for.

    Raises:
        ConfigError: a rank or a share that no band can have; UserError: runs that measured nothing to go by.
    """
    rules.check_at_least("--rank", options.rank, 1)
    max_rank = 4 * options.rank if options.max_rank is None else options.max_rank
    rules.check_at_least("--max-rank", max_rank, 1)
    if not 0 < options.share <= 1:
        rules.refuse("--share", options.share, "a share in (0, 1]")
    metric = SHORT.get(options.by, options.by) or _chosen(options.runs)
    demand = demands(options.runs, metric)
    start, stop = shortest_band(demand, options.share)
    budget = options.rank * len(demand)
    ranks = allocate(demand[start:stop], budget, max_rank)
    whole = [0] * start + ranks + [0] * (len(demand) - stop)
    held = sum(demand[start:stop])
    about = f"{metric} of {', '.join(folder.name for folder in options.runs)}"
    name = options.name or (options.out.stem if options.out else "suggested")
    return preset(name, about, whole, (start, stop), options.rank, held)


def _chosen(runs: list[Path]) -> str:
    """The best profile that is there, told to whoever gave none."""
    metric = best_measured(runs)
    better = "" if metric == GRADIENTS else f"; {GRADIENTS} would be better: {measuring(runs[0])}"
    print(f"--by not given, taken: {metric}{better}", file=sys.stderr)
    return metric


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("src.suggest", __doc__)
    parser.add_argument("runs", nargs="+", type=runs_path, metavar="runs/EXPERIMENT/ID")
    parser.add_argument(
        "--by", "--metric", metavar="NAME", help="causal, fisher, weight_change or another metric (the best)"
    )
    parser.add_argument(
        "--rank", type=int, default=16, metavar="R", help="of the LoRA whose budget is spent (16)"
    )
    parser.add_argument("--share", type=float, default=0.8, help="of the demand that the band holds (0.8)")
    parser.add_argument("--max-rank", type=int, help="largest rank of a block (4 R)")
    parser.add_argument("--name", help="of the band in records (the name of the file)")
    parser.add_argument("--out", type=path_of, metavar="FILE", help="write the preset there")
    return parser


if __name__ == "__main__":
    run_command(main)
