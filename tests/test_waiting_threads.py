"""How long threads wait awake is settled before torch is there, unless the user has said it."""

import os
import subprocess
import sys

import pytest

from src.command.compose import CONF

NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
CODE = f"import src, os, sys; print('torch' in sys.modules, *(os.environ.get(name) for name in {NAMES}))"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "False None 4000 1"),
        ({"OMP_WAIT_POLICY": "active"}, "False active None None"),
        ({"GOMP_SPINCOUNT": "7"}, "False None 7 None"),
    ],
)
def test_threads_spin_shortly_unless_the_user_says_otherwise(given, found):
    own = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=own | given, capture_output=True, text=True, cwd=CONF.parent
    )
    assert done.stdout.strip() == found


def test_the_openmp_of_torch_takes_it():
    """GNU's library prints what it settled on; another OpenMP has nothing to say here."""
    own = {name: value for name, value in os.environ.items() if name not in NAMES}
    done = subprocess.run(
        [sys.executable, "-c", "import src, torch"],
        env=own | {"OMP_DISPLAY_ENV": "verbose"},
        capture_output=True,
        text=True,
        cwd=CONF.parent,
    )
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("this torch comes with another OpenMP than GNU's")
    assert "GOMP_SPINCOUNT = '4000'" in done.stderr
