"""The sweeps of the band study expand to runs with ids, on a tiny model and generated rows."""

import pytest

from src.compose import CONF
from src.sweep.plan import make_plan
from src.sweep.spec import read_sweep

SWEEPS = CONF.parent / "sweeps"
SMALL = [
    "debug=smoke",
    "model=tiny_llama",
    "data=arithmetic",
    "evaluate=default",
    "method.rank=4",
    "data.num_probe=24",
]


@pytest.mark.parametrize(
    ("name", "num_runs"), [("band_study", 46), ("band_study_controls", 192), ("band_study_small", 69)]
)
def test_every_run_has_an_id_of_its_own(name, num_runs, tmp_path):
    given = [*SMALL, f"paths.runs_dir={tmp_path}", f"paths.cache_dir={tmp_path}"]
    plan = make_plan(read_sweep(SWEEPS / f"{name}.yaml", given, None))
    assert len({run.key for run in plan.runs}) == len(plan.runs) == num_runs


def test_the_suggested_arm_takes_its_ranks_and_the_others_their_budget():
    from src.sweep.expand import composer

    sweep = read_sweep(SWEEPS / "band_study_small.yaml", [], None)
    with composer(sweep) as composed:
        found = [composed.run(cell.overrides) for cell in sweep.cells]
    suggested = [config for config in found if config.band.name == "smollm2_sums"]
    assert len(suggested) == 6
    for config in suggested:
        assert sum(config.method.ranks) == config.method.rank * config.model.num_blocks == 480
        assert config.method.budget == "none"
    others = [config for config in found if config not in suggested]
    assert {(config.method.ranks, config.method.budget) for config in others} == {(None, "rank")}
    assert [config.seed for config in found] == sorted(config.seed for config in found)
