"""control.source=trained finds the run that is the same but for its control, and so does a sweep of such."""

import pytest

from src.errors import ConfigError
from src.pipeline.pipeline import Pipeline
from src.storage.files import read_json
from src.sweep.grid.planned_runs import make_plan
from src.sweep.grid.spec import read_sweep

QUICK = ("metrics=none", "record=none", "evaluate=none", "train.max_steps=2", "train.checkpoint_steps=null")
PUSH = ("control=random_spectrum", "control.source=trained")
SWEEP = """
defaults: [config, {override debug: smoke}, _self_]
sweep: {cells: [{seed: '0,1', control: random_spectrum, control.source: trained}]}
hydra: {mode: MULTIRUN}
"""


def test_a_push_is_that_of_the_run_which_is_the_same_but_for_its_control(run, make_config, paths):
    other, trained = (run(*QUICK, f"seed={seed}") for seed in (1, 0))
    pushed = run(*QUICK, *PUSH, "seed=0")
    record = read_json(pushed / "run.json")
    assert record["control"]["source"] == trained.name != other.name
    named = Pipeline(
        make_config("debug=smoke", *paths, *QUICK, PUSH[0], f"control.source={trained}", "seed=0")
    )
    assert named.id == pushed.name
    assert f"source: {trained}" in (pushed / "config.yaml").read_text()  # where it can be found again


def test_a_run_follows_the_sizes_that_its_own_like_has_logged(run):
    trained = run(*QUICK, "control.log_relative_sizes=true")
    follows = run(*QUICK, "control=match_profile", "control.source=trained")
    assert trained.name in (follows / "config.yaml").read_text()


def test_without_such_a_run_it_is_one_line(make_config, paths):
    with pytest.raises(ConfigError, match=r"control.source: given .*/runs/.*no run.json") as refused:
        Pipeline(make_config("debug=smoke", *paths, *QUICK, *PUSH))
    assert "\n" not in str(refused.value)


def test_a_sweep_knows_the_ids_that_its_runs_will_have(run, tmp_path, paths):
    pushed = []
    for seed in (0, 1):
        run(*QUICK, f"seed={seed}")
        pushed.append(run(*QUICK, *PUSH, f"seed={seed}").name)
    (tmp_path / "pushes.yaml").write_text(SWEEP)
    plan = make_plan(read_sweep(tmp_path / "pushes.yaml", [*QUICK, *paths], None))
    assert [one.id for one in plan.runs] == pushed
