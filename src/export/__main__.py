"""A band, its ranks or its adapter in the form that other trainers and tools read.

python -m src.export runs/EXPERIMENT/ID --to peft|trl|axolotl|llamafactory|unsloth|mergekit [--out FOLDER]
python -m src.export runs/EXPERIMENT/ID --merged FOLDER

Without --out the files are printed, all but the rows: train.jsonl holds those that the run learned from, so
that what it held out stays unseen. --base names the weights that the tool shall load, where the run knew
them by another name (weights out of a Python package, a folder of another machine). --merged writes whole
weights: the update added in float32, checked by the logits, saved in the model's dtype; a base
that was held in fewer bits is unpacked for it.
"""

import argparse
import sys
from pathlib import Path

from src.command.program import parser_of, path_of, run_command, runs_path
from src.config.rules import refuse
from src.export.handover import Handover, read_handover
from src.export.rows import ROWS
from src.export.tools import TOOLS
from src.storage.files import write_text


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    options = _parser().parse_args(arguments)
    if options.to is None and options.merged is None:
        refuse("--to", None, f"{', '.join(TOOLS)}, or --merged FOLDER")
    run = read_handover(options.run, options.base, (options.out or Path()).absolute())
    if options.to is not None:
        _hand_over(run, options.to, options.out)
    if options.merged is not None:
        _merge(run, options.merged)


def _hand_over(run: Handover, tool: str, out: Path | None) -> None:
    """Print the files of a tool, or write them."""
    if tool not in TOOLS:
        refuse("--to", tool, ", ".join(TOOLS))
    if not run.loadable:
        print(f"note: {run.base} is no name that {tool} can load; --base NAME, or --merged", file=sys.stderr)
    if run.quantization != "none":
        print(f"note: it trained on a base in {run.quantization}; load the base so", file=sys.stderr)
    for form in TOOLS[tool](run):
        for note in form.notes:
            print(f"note: {note}", file=sys.stderr)
        if out is None and form.name == ROWS:
            rows = form.text.count("\n")
            print(
                f"note: {ROWS}: {rows} rows that the run learned from; --out FOLDER writes it",
                file=sys.stderr,
            )
        elif out is None:
            print(form.text, end="")
        else:
            write_text(out / form.name, form.text)
            print(f"written: {out / form.name}")


def _merge(run: Handover, out: Path) -> None:
    if out.exists():
        refuse("--merged", out, "a folder that does not exist yet")
    from src.export.merged import write_merged  # torch comes with it

    difference = write_merged(run.folder, out)
    held = "" if run.quantization == "none" else f"; its weights are those that {run.quantization} stands for"
    print(f"written: {out} (logits agree to {difference:.1g}{held})")


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("src.export", __doc__)
    parser.add_argument("run", type=runs_path, metavar="runs/EXPERIMENT/ID")
    parser.add_argument("--to", metavar="TOOL", help=", ".join(TOOLS))
    parser.add_argument("--out", type=path_of, metavar="FOLDER", help="write the files there")
    parser.add_argument("--base", metavar="HUB_ID", help="the weights, as the tool shall load them")
    parser.add_argument("--merged", type=path_of, metavar="FOLDER", help="write whole weights there")
    return parser


if __name__ == "__main__":
    run_command(main)
