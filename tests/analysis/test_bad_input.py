"""Folders that are not as a run leaves them: each is named with its reason, and the rest is compared."""

import csv
import json
import shutil

import pytest
import yaml

from src.analysis.experiment import read_study
from src.analysis.find_runs import find_runs
from src.bench.made_runs import MadeStudy, make_runs
from src.report.write import write_report


@pytest.fixture
def made(tmp_path):
    """Two bands, three seeds, one scaling."""
    folder = tmp_path / "made"
    make_runs(folder, MadeStudy(bands=("whole", "01110"), scalings=("fixed_alpha",), tasks={"heldout": 40}))
    return folder


def spoiled(folder, seed=1):
    """A run of the middle band."""
    (found,) = (
        run for run in find_runs(folder) if run.record["choices"]["band"] == "01110" and run.seed == seed
    )
    return found.folder


def told(folder):
    """What the written report says of the only run that it left out; the rest is compared."""
    study = write_report(folder).study
    ((run, reason),) = study.left_out
    assert study.factors == ["band"]
    assert len(study.compared) == 5
    with (folder / "report" / "left_out.csv").open(encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["run", "reason"], [run.name, reason]]
    return run.name, reason


def test_a_record_without_its_config_is_left_out_and_named(made):
    run = spoiled(made)
    (run / "config.yaml").unlink()
    assert told(made) == (run.name, "config.yaml is missing")


@pytest.mark.parametrize("text", ["seed: [", "", "just words\n", "a: \xff"])
def test_a_config_that_cannot_be_read_is_left_out_and_makes_no_arm(made, text):
    run = spoiled(made)
    (run / "config.yaml").write_bytes(text.encode("latin-1"))
    name, reason = told(made)
    assert name == run.name
    assert reason.startswith("config.yaml ")


def test_a_config_cut_off_between_two_lines_is_yaml_and_is_left_out(made):
    run = spoiled(made)
    whole = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(whole[: whole.index("\ndata:") + 1])
    assert isinstance(yaml.safe_load((run / "config.yaml").read_text()), dict)
    assert told(made) == (run.name, "config.yaml has not the choice of run.json for data, train")


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ({"choices": None}, "run.json lacks choices"),
        ({"seed": None, "git": {}}, "run.json lacks seed, git.commit, git.dirty"),
        ({"hardware": "cpu", "model": []}, "run.json lacks hardware, model"),
    ],
)
def test_a_record_that_is_json_and_not_whole_is_left_out_with_what_it_lacks(made, lost, reason):
    run = spoiled(made)
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(record | lost))
    assert told(made) == (run.name, reason)
    (run / "run.json").write_text(
        json.dumps({key: value for key, value in record.items() if key not in lost})
    )
    assert told(made)[0] == run.name


def test_mixed_fidelities_are_compared_within_one_and_what_has_no_counterpart_is_named(made):
    for run in find_runs(made):
        change(run.folder, fidelity="sound")
        if run.seed == 0:
            shutil.copytree(run.folder, made / f"published-{run.record['choices']['band']}")
            change(made / f"published-{run.record['choices']['band']}", fidelity="published")
    study = read_study(made)
    assert (study.factors, study.conditions, study.left_out) == (["band", "fidelity"], ["fidelity"], [])
    assert all(study.baseline(arm).factors["fidelity"] == arm.factors["fidelity"] for arm in study.arms)

    shutil.rmtree(made / "published-whole")
    written = write_report(made)
    page = written.path.read_text(encoding="utf-8")
    assert (
        "fidelity differs: sound (6 runs), published (1 runs); bands are compared within one fidelity" in page
    )
    assert (
        "01110, published: LoRA on the whole stack was not run under its conditions, so not compared with it: "
        "published-01110" in page
    )
    compared = [one for rows in written.material.contrasts.values() for one in rows if one.arm is not None]
    assert [(one.name, one.condition, one.estimate.num_seeds) for one in compared] == [("01110", "sound", 3)]


def change(run, **changes):
    path = run / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_wandb_keeps_in_a_runs_folder_is_no_run(made):
    files = spoiled(made) / "wandb" / "offline-run-1" / "files"
    files.mkdir(parents=True)
    (files / "config.yaml").write_text("wandb_version: 1\n")
    assert len(find_runs(made)) == 6


def without_metrics(folder):
    """What metrics=none leaves: the heading of the table and no row."""
    path = folder / "layers.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n")


@pytest.mark.parametrize("count", [1, 6])
def test_runs_without_metrics_are_reported_by_their_scores(made, count):
    for run in find_runs(made)[:count]:
        without_metrics(run.folder)
    written = write_report(made)
    assert (made / "report" / "scores.csv").is_file()
    assert len(written.study.compared) == 6
    assert bool(written.material.profiles) == (count < 6)


def test_runs_with_neither_metrics_nor_scores_are_still_listed(made):
    for run in find_runs(made):
        without_metrics(run.folder)
        (run.folder / "run.json").write_text(json.dumps(run.record | {"scores": []}))
    written = write_report(made)
    assert len(written.study.compared) == 6
    assert not (made / "report" / "scores.csv").exists()
    with (made / "report" / "runs.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 6
