"""One, two and three ranks measure the same: tables and answers, also where the batches do not divide."""

import json
import shutil

import pandas
import pytest

from src.command.compose import run_config
from src.pipeline.pipeline import Pipeline
from src.record.folder import LAYERS, SAMPLES
from src.run import execute
from tests.forked import run_together

MEASURED = [
    "model.num_blocks=3", "train.max_steps=2", "train.checkpoint_steps=null", "train.batch_size=6", "data.num_probe=7", "data.num_test=7", "metrics.batch_size=2",
    "metrics.names=[cka_debiased,mean_shift,effective_rank,curvature,infonce,weight_change,lens_entropy]",
    "metrics.num_token_samples=5", "probe.tokens=all+no_massive", "probe.massive_ratio=2",
    "evaluate.tasks=[heldout,english]", "evaluate.num_passages=3", "evaluate.batch_size=2",
]  # fmt: skip


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The folder of a run that one process has trained and measured."""
    root = tmp_path_factory.mktemp("alone")
    paths = [f"paths.runs_dir={root}/runs", f"paths.cache_dir={root}/cache"]
    config = run_config("debug=smoke", *paths, *MEASURED)
    execute(config)
    return Pipeline(config).folder.path


@pytest.fixture
def ranks(tmp_path, alone):
    """Measure a copy of the run anew, base and tuned, with so many processes as torchrun starts them."""

    def measure(count, *more, module="src.run"):
        root = tmp_path / f"of-{count}"
        folder = shutil.copytree(alone, root / alone.parent.name / alone.name)
        for path in ("run.json", LAYERS, SAMPLES, "scores.json"):
            (folder / path).unlink()
        for path in (folder / "stages").iterdir():
            if path.name != "train.json":
                path.unlink()
        given = [f"paths.runs_dir={root}", f"paths.cache_dir={root}/cache", f"train.num_processes={count}"]
        ended = run_together(count, module, "debug=smoke", *MEASURED, *given, *more)
        return folder, ended, [one.stderr for one in ended]

    return measure


@pytest.mark.parametrize("count", [2, 3])
def test_ranks_measure_what_one_process_does(alone, ranks, count):
    folder, ended, said = ranks(count)
    assert [one.returncode for one in ended] == [0] * count, said
    expected, found = (pandas.read_csv(path / LAYERS) for path in (alone, folder))
    assert {"cka_debiased", "infonce", "curvature", "weight_change", "lens_entropy"} < set(expected["metric"])
    pandas.testing.assert_frame_equal(found, expected, rtol=1e-6, atol=1e-6)
    for name in (SAMPLES, "scores.json"):
        assert (folder / name).read_text() == (alone / name).read_text()
    assert not list(folder.rglob("part-*"))
    answers = [json.loads(line)["response"] for line in (alone / SAMPLES).read_text().splitlines()]
    assert len(answers) == 2 * (7 + 3)
    assert [line for text in said[1:] for line in text.splitlines() if "probed" in line] == []


def test_three_ranks_measure_a_model_that_none_of_them_holds(alone, ranks):
    folder, ended, said = ranks(3, "train.measure_sharded=true", module="tests.pipeline.watched_run")
    assert [one.returncode for one in ended] == [0] * 3, said
    expected, found = (pandas.read_csv(path / LAYERS) for path in (alone, folder))
    pandas.testing.assert_frame_equal(found, expected, rtol=1e-6, atol=1e-6)
    for name in (SAMPLES, "scores.json"):
        assert (folder / name).read_text() == (alone / name).read_text()
    for one in ended:
        held = json.loads(one.stdout.splitlines()[-1])
        assert held["model"] / 3 < held["most"] < held["model"], held
