"""No rename and no new setting renames a finished run: today's code against a record of earlier ids.

tests/record/run_ids.json holds, by sweep or for single runs, what earlier code made of overrides, of the
fingerprint of the rows and of the content of the weights. It is never made anew to suit the code. Where a
sweep asks for something else today, `then` holds the overrides that give what it asked for.
"""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from src.command.compose import CONF, read_overrides, typed
from src.config.pair import PairConfig
from src.model.content import model_content
from src.record.identity import pair_id, run_id
from src.sweep.grid.expand import composer
from src.sweep.grid.spec import read_sweep

RECORD = json.loads(Path(__file__).with_name("run_ids.json").read_text())
SWEEPS = sorted({group["sweep"] for group in RECORD} - {"", "pair"})
MADE = ("tiny", "twin")


def groups(sweep):
    found = [group for group in RECORD if group["sweep"] == sweep]
    assert found
    return found


@pytest.mark.parametrize("name", SWEEPS)
def test_the_runs_of_a_sweep_have_the_ids_that_they_had(name):
    sweep = read_sweep(CONF.parent / "sweeps" / f"{name}.yaml", [], None)
    cells = {" ".join(cell.overrides): cell.overrides for cell in sweep.cells}
    with composer(sweep) as composed:
        for group in groups(name):
            for line, expected in group["ids"].items():
                config = composed.run([*cells[line], *group.get("then", [])])
                if config.model.source in MADE:
                    assert model_content(config.model) == group["weights"]
                assert run_id(config, group["rows"], group["weights"]) == expected, line


@pytest.mark.parametrize(
    ("line", "expected"), [pair for group in groups("") for pair in group["ids"].items()]
)
def test_a_run_has_the_id_that_it_had(make_config, line, expected):
    assert run_id(make_config(*line.split()), "rows", "weights") == expected


def test_a_comparison_has_the_id_that_it_had():
    for line, expected in groups("pair")[0]["ids"].items():
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = typed(compose("probe", overrides=read_overrides(line.split())), PairConfig)
        assert pair_id(config, ["rows"], ["weights", "others"]) == expected
