"""Files of sweeps of any shape: planned, or refused in one line."""

import json
from pathlib import Path

from hypothesis import strategies as st

from tests.made_folders import told
from tests.made_input import JSON, ODD, assert_one_line, hostile

RIGHT = """\
defaults: [config, {override debug: smoke}, _self_]
experiment: made
hydra:
  mode: MULTIRUN
  sweeper:
    params: {seed: "0,1"}
sweep:
  cells:
    - {method: lora}
"""
VALUES = JSON | st.sampled_from([*ODD, "0,1", "lora", "choice(1,2)", "range(1,3)", "local", "slurm"])
PLACES = (
    "defaults",
    "hydra",
    "sweep",
    "params",
    "cells",
    "launcher",
    "sweeper",
    "method",
    "band",
    "seed",
    "data",
)
SECTIONS = st.dictionaries(st.sampled_from(PLACES), VALUES, max_size=2)
FILES = st.fixed_dictionaries(
    {"defaults": st.just(["config", {"override debug": "smoke"}, "_self_"]) | VALUES},
    optional={
        "hydra": VALUES
        | st.fixed_dictionaries({"sweeper": VALUES | st.fixed_dictionaries({"params": VALUES | SECTIONS})}),
        "sweep": VALUES
        | st.fixed_dictionaries(
            {"cells": VALUES | st.lists(SECTIONS, max_size=2)}, optional={"launcher": VALUES}
        ),
        "experiment": VALUES,
        "train": VALUES,
    },
).map(json.dumps)
SWEEPS = st.one_of(hostile(FILES), hostile(st.just(RIGHT)), st.binary(max_size=12))


def check_sweep(content: bytes, place: Path) -> None:
    """What a launch would start is listed, or one line says why not; nothing is written beside the file."""
    path = place / "made.yaml"
    path.write_bytes(content)
    status, said = told("src.sweep.__main__", str(path), "--dry-run", f"paths.cache_dir={place}/cache")
    assert status in (0, 2), said
    if status == 2:
        assert said.startswith("strata: "), said
        assert_one_line(said)
    assert {one.name for one in place.iterdir()} <= {"made.yaml", "cache"}
