"""The sweeps of the band study expand to runs with ids, on a tiny model and generated rows."""

import pytest

from src.command.compose import CONF
from src.sweep.grid.planned_runs import make_plan
from src.sweep.grid.spec import read_sweep

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
    ("name", "num_runs"),
    [("band_study", 46), ("band_study_controls", 138), ("band_study_rates", 54), ("band_study_small", 69)],
)
def test_every_run_has_an_id_of_its_own(name, num_runs, tmp_path):
    given = [*SMALL, f"paths.runs_dir={tmp_path}", f"paths.cache_dir={tmp_path}"]
    plan = make_plan(read_sweep(SWEEPS / f"{name}.yaml", given, None))
    assert len({run.key for run in plan.runs}) == len(plan.runs) == num_runs


def test_the_suggested_arm_takes_its_ranks_and_the_others_their_budget():
    from src.sweep.grid.expand import composer

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
    assert all(config.data.seed == config.seed for config in found)
    scalings = [config.method.scaling for config in found if config.method.kind == "lora"]
    assert scalings == ["alpha_over_r"] * 33 + ["fixed_alpha"] * 33  # the sound half comes first


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("1b", []),
        ("13b", ["train.learning_rate=5.0e-5,8.0e-4"]),
        ("32b", ["train.learning_rate=1.25e-5,2.0e-4"]),
    ],
)
def test_rates_are_a_quarter_and_four_times_the_published_one_of_every_size(model, given, make_config):
    """As the head of the file says; the first and the last cell will do."""
    from src.sweep.grid.expand import composer

    experiment = f"experiment=band_study_olmo2_{model}"
    path = SWEEPS / "band_study_rates.yaml"
    assert all(part in path.read_text() for part in given)
    sweep = read_sweep(path, [experiment, *given], None)
    with composer(sweep) as composed:
        found = [composed.run(sweep.cells[place].overrides).train.learning_rate for place in (0, -1)]
    published = make_config(experiment).train.learning_rate
    assert found == [pytest.approx(published / 4), pytest.approx(published * 4)]
