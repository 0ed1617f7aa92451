"""From a sweep's file to runs and ids; what is refused, in one line."""

import pytest
import yaml

from src.errors import ConfigError
from src.pipeline.pipeline import Pipeline


def test_a_grid_is_the_product_of_its_values_and_an_id_is_that_of_the_single_run(
    write_sweep, planned, make_config, tmp_path
):
    plan = planned(write_sweep(method="lora,midblock", seed="0,1,2"))
    assert len(plan.runs) == 6
    assert [run.config.seed for run in plan.runs] == [0, 1, 2, 0, 1, 2]
    assert {run.config.band.name for run in plan.runs if run.config.method.name == "midblock"} == {"mid"}
    paths = [f"paths.runs_dir={tmp_path}/runs", f"paths.cache_dir={tmp_path}/cache"]
    config = make_config("debug=smoke", "evaluate=none", "method=midblock", "seed=1", *paths)
    assert plan.runs[4].id == Pipeline(config).id
    assert plan.runs[4].config == config


def test_an_irregular_grid_crosses_each_cell_with_what_all_share(write_sweep, planned):
    cells = [
        {"method": "lora", "band": "10000,01110", "method.rank": 4},
        {"method": "frozen", "seed": 7},
        {"method": "full", "band": "00001", "train.learning_rate": "1e-4,1e-3"},
    ]
    plan = planned(write_sweep(cells=cells, seed="0,1"))
    found = [(run.config.method.name, run.config.band.name, run.config.seed) for run in plan.runs]
    assert found == [
        ("lora", "10000", 0), ("lora", "10000", 1), ("lora", "01110", 0), ("lora", "01110", 1),
        ("frozen", "whole", 7),
        ("full", "00001", 0), ("full", "00001", 1), ("full", "00001", 0), ("full", "00001", 1),
    ]  # fmt: skip
    assert [run.config.train.learning_rate for run in plan.runs[5:]] == [1e-4, 1e-4, 1e-3, 1e-3]
    assert len({run.id for run in plan.runs}) == 9


def test_the_command_line_wins_over_the_file_and_may_be_a_list(write_sweep, planned):
    path = write_sweep(seed="0,1,2")
    assert [run.config.seed for run in planned(path, "seed=5,6").runs] == [5, 6]


def test_where_a_run_goes_is_no_part_of_its_id(write_sweep, planned):
    cell = {"launcher": "slurm", "hydra.launcher.mem_gb": 3}
    (here,), (there,) = planned(write_sweep()).runs, planned(write_sweep(cells=[cell])).runs
    assert here.id == there.id
    assert (here.launcher.is_local, there.launcher.values["mem_gb"]) == (True, 3)


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        ([{"seed": 1}, {"seed": "1"}], "sweep: given 'seed=1 and seed=1'; accepted: each run once"),
        ([{"method": "lora"}, {}], "each run once"),
        ([{"model": "nope"}], "model: given 'nope'; accepted: albert_base"),
        ([{"preset": "nope"}], "preset: given 'nope'; accepted: "),
        ([{"train.batch_sise": 3}], "train.batch_sise: given '3', but there is no such key (did you mean"),
        ([{"seed": "9" * 401}], "(401 characters); accepted: a number of at least 0, below 2^63"),
        ([{"seed": "9" * 5000}], "Exceeds the limit"),
        ([{"train.batch_size": 0}], "train.batch_size: given 0; accepted: "),
        ([{"metrics.names": ["shift", "mean_shift"]}], "each metric once; mean_shift is named twice"),
        ([{"metrics": "views", "metrics.view_templates": "['Hi {nonsense}']"}], "Hi {nonsense}"),
        ([{"launcher": "nope"}], "launcher: given 'nope'; accepted: local, slurm"),
        ([{"launcher": "slurm", "hydra.launcher.mem": 3}], "launcher slurm: "),
        ([{"launcher": "slurm", "hydra.launcher.tasks_per_node": 2}], "accepted: 2, because launcher slurm"),
        ([{"launcher": "slurm", "hydra.launcher.gpus_per_node": 2}], "given 2; accepted: 1, one for each"),
        (["lora"], "sweep.cells[0]: given 'lora'; accepted: a mapping"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(write_sweep, planned, cells, line):
    with pytest.raises(ConfigError) as refused:
        planned(write_sweep(cells=cells))
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_refused_sweep_ends_with_status_two_and_leaves_nothing(write_sweep, sweep, tmp_path):
    done = sweep(write_sweep(cells=[{"seed": 0}, {"model": "nope"}]))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("strata: model: given 'nope'; accepted: ")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, "accepted: a YAML file"),
        ("a: [", "cannot be read as YAML"),
        ("seed: 3", "accepted: a Hydra primary config"),
        (yaml.safe_dump({"defaults": ["config", "_self_"], "sweep": {"celss": []}}), "sweep.celss"),
        ("defaults: null", "accepted: a Hydra primary config"),
        ("defaults: [{3: x}]", "defaults: given {3: 'x'}; accepted: names of files"),
        ("defaults: [config]\nhydra: x", "hydra: given 'x'; accepted: a mapping"),
        ("defaults: [config]\nhydra: {sweeper: [1]}", "hydra.sweeper: given [1]; accepted: a mapping"),
        (
            "defaults: [config]\nhydra: {sweeper: {params: x}}",
            "hydra.sweeper.params: given 'x'; accepted: a mapping",
        ),
        ("defaults: [config]\nsweep: {cells: 3}", "sweep.cells: given 3; accepted: a list"),
        ("defaults: [config]\nsweep: {cells: [{seed: 'range('}]}", "'range('"),
        ("defaults: [[1]]", "file.yaml: "),
        ("defaults: [nowhere, _self_]", "nowhere"),
        ("defaults: [config, _self_]\npaths: 3", "cache_dir"),
        (b"defaults: [caf\xe9]", "cannot be read as YAML"),
        ("[" * 5000, "cannot be read as YAML"),
    ],
)
def test_a_file_that_is_no_sweep_is_refused(planned, tmp_path, text, line):
    path = tmp_path / "file.yaml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as refused:
        planned(path)
    assert line in str(refused.value)
