"""Which code, which libraries, which machine."""

import os
import platform
import resource
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from src import __version__
from src.storage.files import read_json

if TYPE_CHECKING:  # launchers read the commit, and have no need of torch
    import torch

_ROOT = Path(__file__).resolve().parents[2]
_FORGOTTEN: list[bool] = []  # for each run that this process began: whether its peak started anew
_LIBRARIES = (
    "torch", "transformers", "peft", "accelerate", "datasets", "lm_eval", "wandb", "hydra-core", "omegaconf",
    "safetensors", "tokenizers", "numpy", "reasoning-gym",
)  # fmt: skip


def git() -> dict[str, Any]:
    """Commit and whether the work tree differs from it; None where this is no checkout.

    A copy of the code that a sweep made says it itself: it may lie inside a checkout of another commit.
    """
    if (_ROOT / "code.json").is_file():
        return read_json(_ROOT / "code.json")
    commit = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain")
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def versions() -> dict[str, str]:
    """Exact versions of Strata, of Python and of the libraries that decide numbers."""
    import torch

    found = {"strata": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found | {"torch_build": torch.__version__}


def hardware(device: "torch.device") -> dict[str, Any]:
    """Processor, cores, threads, memory and GPU."""
    import torch

    return {
        "device": str(device),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpu": torch.cuda.get_device_name(device) if device.type == "cuda" else None,
    }


def forget_peak(device: "torch.device") -> None:
    """A run begins: the peak of those that this process did before is not its own. On the CPU Linux alone."""
    if device.type == "cuda":
        import torch

        torch.cuda.reset_peak_memory_stats(device)
    try:
        Path("/proc/self/clear_refs").write_text("5")
        _FORGOTTEN.append(True)
    except OSError:
        _FORGOTTEN.append(False)


def peak_memory_gib(device: "torch.device") -> float | None:
    """Peak memory of this process (CPU) or of its tensors on the GPU since its last run began, in GiB.

    None where it may be that of an earlier run.
    """
    if device.type == "cuda":
        import torch

        return round(torch.cuda.max_memory_allocated(device) / 2**30, 3)
    if len(_FORGOTTEN) > 1 and not _FORGOTTEN[-1]:
        return None
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes on macOS, in KiB on Linux
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30, 3)


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
