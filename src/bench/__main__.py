"""Measure ratios of two ways to do the same work, print them, write runs/bench/bench.json.

python -m src.bench [PART ...]
python -m src.bench gpu        what needs a GPU: the same numbers as here, and how fast

Ratios and differences, which hold on another machine; of sweeps and of the report seconds, which have limits
of their own. A figure is told as soon as it is there. A part that is named is measured anew, and the rest of
the file stays. `cluster`, which submits jobs to the SLURM that answers here, `resident`, which needs 7 GB,
and `ten_thousand`, which takes minutes, are measured only when they are named.
"""

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType

from src.bench.measure import Figures
from src.command.compose import run_config
from src.command.program import parser_of, run_command
from src.command.terminal import console
from src.config.rules import require
from src.storage.files import read_json, write_json

PARTS = (
    "steps",
    "shared",
    "control",
    "penalty",
    "selection",
    "activation_rank",
    "probe",
    "readings",
    "causal",
    "evaluate",
    "carrier",
    "chats",
    "sweeps",
    "report",
    "cluster",
    "resident",
    "ten_thousand",
)
"""Modules of this room; each has a function `bench` and a table `MEANING` of what it finds."""
BY_NAME = ("cluster", "resident", "ten_thousand")
"""Parts that are measured only when they are named."""

GPU = """\
Whether a GPU gives the numbers of the CPU and how fast it is, in at most eight minutes and without a network.

Every tiny family trains, probes, scores and resumes on both; steps of real shapes with random weights are
timed beside plain peft and the card's peak. Written to runs/bench/gpu.json. Without CUDA nothing happens.
"""


def main(arguments: list[str] | None = None) -> None:
    """Measure the parts named on the command line, all of them by default."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["gpu"]:
        _gpu(words[1:])
        return
    parser = parser_of("src.bench", __doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    names = parser.parse_args(words).parts or [name for name in PARTS if name not in BY_NAME]
    for name in names:
        require("PART", name, PARTS)
    path = Path(run_config().paths.runs_dir) / "bench" / "bench.json"
    found = read_json(path) if path.is_file() else {}
    for name in names:
        print(f"measuring: {name}", flush=True)
        for key, value in _figures(_part(name).bench()):
            found[key] = round(value, 4)
            print(f"{key}: {value:.2f}", flush=True)
            write_json(path, found)
    _show(found)
    print(f"written: {path}")


def _part(name: str) -> ModuleType:
    return import_module(f"src.bench.{name}")  # torch comes with it


def _gpu(words: list[str]) -> None:
    """All that needs a GPU; exit status 1 where something is not as it should be."""
    parser_of("src.bench gpu", GPU).parse_args(words)
    import torch

    from src.bench.gpu.script import measure

    if not torch.cuda.is_available():
        print("src.bench gpu: torch sees no GPU here, so nothing was measured")
        return
    path = Path(run_config().paths.runs_dir) / "bench" / "gpu.json"
    if not measure(torch.device("cuda"), path):
        raise SystemExit(1)


def _figures(found: Figures | Mapping[str, float]) -> Iterable[tuple[str, float]]:
    """One after the other, also of a part that finds all of them together."""
    return found.items() if isinstance(found, Mapping) else found


def _show(found: dict[str, float]) -> None:
    import torch
    from rich.table import Table

    meaning = {key: text for name in PARTS for key, text in _part(name).MEANING.items()}
    table = Table(title=f"{torch.get_num_threads()} threads", title_justify="left")
    for column in ("name", "value", "meaning"):
        table.add_column(column, justify="right" if column == "value" else "left")
    for name, value in found.items():
        table.add_row(name, f"{value:.2f}", meaning.get(name, ""))
    console().print(table)


if __name__ == "__main__":
    run_command(main)
