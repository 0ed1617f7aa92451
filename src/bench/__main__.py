"""python -m src.bench: measure ratios, print them, write runs/bench/bench.json.

Ratios and differences, which hold on another machine; of sweeps and of the report seconds, which have limits
of their own.
`python -m src.bench steps`, `control`, `probe`, `sweeps` or `report` measures one part and keeps the rest of
the file; `cluster`, which submits jobs to the SLURM that answers here, is measured only when it is named.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from src.bench import cluster, control, probe, report, steps, sweeps
from src.bench.measure import config_of
from src.command.entry import exit_with
from src.errors import UserError
from src.storage.files import read_json, write_json

PARTS: dict[str, Callable[[], dict[str, float]]] = {
    "steps": steps.bench_steps,
    "control": control.bench_control,
    "probe": probe.bench_probe,
    "sweeps": sweeps.bench_sweeps,
    "report": report.bench_report,
    "cluster": cluster.bench_cluster,
}
MEANING = steps.MEANING | control.MEANING | probe.MEANING | sweeps.MEANING | report.MEANING | cluster.MEANING


def main() -> None:
    """Measure the parts named on the command line, all of them by default."""
    names = sys.argv[1:] or [name for name in PARTS if name != "cluster"]
    if unknown := [name for name in names if name not in PARTS]:
        exit_with(f"part: given {unknown[0]!r}; accepted: {', '.join(PARTS)}")
    path = Path(config_of().paths.runs_dir) / "bench" / "bench.json"
    found = read_json(path) if path.is_file() else {}
    console = Console(width=100)
    for name in names:
        with console.status(f"measuring: {name}"):
            try:
                found |= {key: round(value, 4) for key, value in PARTS[name]().items()}
            except UserError as error:
                exit_with(str(error))
        write_json(path, found)
    table = Table(title=f"{torch.get_num_threads()} threads", title_justify="left")
    for column in ("name", "value", "meaning"):
        table.add_column(column, justify="right" if column == "value" else "left")
    for name, value in found.items():
        table.add_row(name, f"{value:.2f}", MEANING.get(name, ""))
    console.print(table, f"written: {path}")


if __name__ == "__main__":
    main()
