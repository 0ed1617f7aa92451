"""make gpu-bundle: wheels of what `make gpu` needs beside torch, transformers and peft, for a bare machine.

python -m src.bench.gpu.bundle [FOLDER]

The versions are those of requirements.lock. There: pip install --no-index --no-deps FOLDER/*.whl
Left out, because they are larger than all others together: lm-eval and what it reads with, so that nothing is
scored there, and the packages that carry weights, so that shapes have random ones.
"""

import subprocess
import sys
from pathlib import Path

from src.command.program import parser_of, path_of, run_command
from src.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
PYTHON = "3.12"
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64")
WHEELS = (
    *("hydra-core", "omegaconf", "jaxtyping", "wadler-lindig", "pandas", "python-dateutil", "six", "scipy"),
    *("rich", "markdown-it-py", "mdurl", "pygments", "submitit", "hydra-submitit-launcher", "cloudpickle"),
)
MOST_MB = 60.0
SOURCES = ("antlr4-python3-runtime",)
"""Published as source alone; plain Python, so that a wheel made here fits there."""


def main(arguments: list[str] | None = None) -> None:
    """Fill the folder and tell what it holds."""
    parser = parser_of("src.bench.gpu.bundle", __doc__)
    parser.add_argument("folder", nargs="?", type=path_of, default=Path("runs/bench/wheels"))
    folder = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    locked = pinned((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    there = ["--only-binary=:all:", f"--python-version={PYTHON}", "--implementation=cp"]
    there += [f"--platform={one}" for one in PLATFORMS]
    _pip("download", *there, f"--dest={folder}", *(locked[name] for name in WHEELS))
    _pip("wheel", f"--wheel-dir={folder}", *(locked[name] for name in SOURCES))
    _check_size(folder)


def pinned(lock: str) -> dict[str, str]:
    """Each line `name==version` of a lock, by name."""
    lines = [line.split(";")[0].strip() for line in lock.splitlines()]
    return {line.partition("==")[0]: line for line in lines if "==" in line and not line.startswith("#")}


def _check_size(folder: Path) -> None:
    """Tell every wheel with its size, the largest first; UserError where all are more than `MOST_MB`."""
    sizes = {path.name: path.stat().st_size / 1e6 for path in folder.glob("*.whl")}
    for name, size in sorted(sizes.items(), key=lambda one: -one[1]):
        print(f"{size:6.1f} MB  {name}")
    total = sum(sizes.values())
    if total > MOST_MB:
        raise UserError(f"gpu-bundle: given {total:.1f} MB in {folder}; accepted: at most {MOST_MB:g}")
    print(f"{total:6.1f} MB in {folder}")


def _pip(command: str, *given: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", command, "-q", "--disable-pip-version-check", "--no-deps", *given],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        reason = " ".join(done.stderr.split())[-200:]
        raise UserError(f"gpu-bundle: pip {command} did not end ({reason})")


if __name__ == "__main__":
    run_command(main)
