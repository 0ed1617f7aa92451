"""python -m src.bench gpu: every check and figure in turn, each told at once, all in one JSON file."""

import math
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from src.bench.gpu.evaluation import evaluation_figures
from src.bench.gpu.exactness import exactness_outcomes
from src.bench.gpu.families import family_outcomes
from src.bench.gpu.figures import peak_flops, probe_figure, shapes, step_figures, too_large, waiting_figures
from src.bench.gpu.outcome import Outcome
from src.errors import UserError
from src.record.provenance import versions
from src.storage.files import write_json

MINUTES = 7.0
"""After so many no further part begins, so that the whole ends within eight."""
Found = Iterator[Outcome] | Iterator[tuple[str, float]]


def measure(
    device: torch.device, path: Path, parts: dict[str, Callable[[Path], Found]] | None = None
) -> bool:
    """Do the parts, write what they found after each; whether all checks passed and no part failed."""
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or "cpu"
    found: dict[str, Any] = {"card": card, "date": date.today().isoformat(), "versions": versions()}
    found |= {"checks": {}, "figures": {}, "failed": {}, "left_out": []}
    start = time.monotonic()
    for name, part in (parts or _parts(device, peak_flops(card))).items():
        if time.monotonic() - start > 60 * MINUTES:
            found["left_out"].append(name)
            continue
        with tempfile.TemporaryDirectory() as folder:
            _keep(found, name, part, Path(folder))
        write_json(path, found)
    found["seconds"] = round(time.monotonic() - start, 1)
    write_json(path, found)
    print(f"written: {path}")
    return not found["failed"] and all(one["passed"] for one in found["checks"].values())


def _keep(found: dict[str, Any], name: str, part: Callable[[Path], Found], folder: Path) -> None:
    """What one part finds; what it fails of is a line and does not end the others."""
    print(f"measuring: {name}", flush=True)
    try:
        for one in part(folder):
            if isinstance(one, Outcome):
                known = one.difference if math.isfinite(one.difference) else None
                told = {"difference": known, "limit": one.limit, "passed": one.passed}
                found["checks"][f"{name}: {one.name}"] = told
                print(f"{name}: {one.name}: {one.difference:.2g} of {one.limit:g}", flush=True)
            else:
                found["figures"][one[0]] = round(one[1], 4)
                print(f"{one[0]}: {one[1]:.4g}", flush=True)
    except (UserError, RuntimeError, ValueError, TypeError, AttributeError, LookupError, OSError) as error:
        found["failed"][name] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        print(f"{name}: failed: {found['failed'][name]}", flush=True)


def _parts(device: torch.device, peak: float | None) -> dict[str, Callable[[Path], Found]]:
    """Whether it is right first, then how fast; the longest last."""
    parts: dict[str, Callable[[Path], Found]] = {
        "exactness": lambda folder: exactness_outcomes(device, folder),
        "families": lambda folder: family_outcomes(device, folder),
    }
    for config in shapes():
        name = f"step {config.model.name} {config.method.name}"
        if too_large(device, config):
            continue  # a step of all weights of 7B in float32 fits on no card of 80 GB
        parts[name] = lambda _, config=config: step_figures(device, config, peak)  # type: ignore[misc]
    small = shapes(("olmo2_1b",), ("lora",))[0]
    parts["waiting"] = lambda folder: waiting_figures(device, small, folder / "waiting")
    parts["probe"] = lambda folder: probe_figure(device, small, folder / "probe", num_rows=64)
    if find_spec("lm_eval") is not None:  # a bare machine has it not
        parts["evaluation"] = lambda folder: evaluation_figures(device, folder)
    return parts
