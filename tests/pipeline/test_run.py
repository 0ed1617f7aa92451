"""Whole runs on tiny models, in this process."""

import json
from dataclasses import replace

import pandas
import pytest
import torch
from safetensors.torch import load_file

from src.analysis.find_runs import find_runs
from src.errors import ConfigError, ModelError, StorageError, TrainingError
from src.metrics.catalog import METRICS
from src.pipeline.pipeline import Pipeline
from src.pipeline.stages import STAGES
from src.report.report import report
from src.run import execute

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torch on its own profilers and hooks

METRICS_OF_DEFAULT = [
    name
    for name, one in METRICS.items()
    if one.needs in ("pooled", "tokens", "pair", "weights", "matrices")
    and not (one.extra or name.endswith("_paper"))
]
METHODS = ["lora", "midblock", "full", "frozen"]


@pytest.fixture(scope="module")
def plain(make_config, tmp_path_factory):
    """The folder of a smoke run that nothing disturbed."""
    root = tmp_path_factory.mktemp("plain")
    config = make_config("debug=smoke", f"paths.runs_dir={root}/runs", f"paths.cache_dir={root}/cache")
    execute(config)
    return Pipeline(config).folder.path


def steps_of(folder):
    lines = (folder / "steps.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


def weights_of(folder):
    return load_file(next((folder / "adapter").glob("*.safetensors")))


@pytest.mark.parametrize("method", METHODS)
def test_a_run_leaves_every_file_it_promises(run, method):
    folder = run(f"method={method}", "method.rank=4")
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "success"
    assert record["choices"]["method"] == method
    assert {score["stage"] for score in record["scores"]} == (
        {"base"} if method == "frozen" else {"base", "tuned"}
    )
    assert all(score["n"] == 8 for score in record["scores"])
    assert (
        record["versions"]["torch"]
        and record["hardware"]["processor"]
        and record["git"].keys() == {"commit", "dirty"}
    )
    layers = pandas.read_csv(folder / "layers.csv")
    assert set(layers["stage"]) == ({"base"} if method == "frozen" else {"base", "tuned", "change"})
    assert set(layers["layer"]) == set(range(11))
    samples = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    assert len(samples) == 8 * len(record["scores"])
    assert not any('"samples"' in path.read_text() for path in (folder / "stages").iterdir())  # stored once
    assert not list(folder.glob("checkpoint-*"))
    assert not list(folder.rglob(".partial-*"))
    blocks = {"lora": 10, "midblock": 6, "full": 10, "frozen": 0}[method]
    assert len(record["adapted"]["blocks"]) == blocks
    if method != "frozen":
        assert len(steps_of(folder)) == 4
        change = layers[layers["metric"] == "weight_change"].set_index("layer")["value"]
        assert (change > 0).sum() == blocks
        assert sum(value.numel() for value in weights_of(folder).values()) == record["params"]["trainable"]


def test_a_finished_run_is_skipped_and_another_config_gets_another_folder(run):
    less = ("metrics=core", "evaluate=none")
    first = run(*less)
    before = {path: path.stat().st_mtime_ns for path in first.rglob("*") if path.is_file()}
    assert run(*less) == first
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*") if path.is_file()} == before
    assert run(*less, "seed=1") != first
    assert run(*less, "train.learning_rate=1e-3") != first
    same = ("train.checkpoint_steps=1", "record.project=other", "device=cpu")  # these decide no number
    assert run(*less, *same) == first


def test_same_config_same_numbers(run, plain):
    first, second = plain, run()
    assert first != second
    assert first.name == second.name
    assert steps_of(first) == steps_of(second)
    assert (first / "layers.csv").read_text() == (second / "layers.csv").read_text()
    assert (first / "samples.jsonl").read_text() == (second / "samples.jsonl").read_text()


def test_an_evaluation_in_the_middle_changes_nothing(run, plain):
    watched = run("evaluate.every_steps=1")
    assert steps_of(plain) == steps_of(watched)
    for name, value in weights_of(plain).items():
        assert torch.equal(value, weights_of(watched)[name])
    scores = json.loads((watched / "scores.json").read_text())
    assert [score["stage"] for score in scores] == ["base", "step-1", "step-2", "step-3", "step-4", "tuned"]


def stopped_before(stage, config):
    """A run that is killed when it comes to a stage; its folder."""

    def stop(_):
        raise KeyboardInterrupt

    place = [one.name for one in STAGES].index(stage)
    pipeline = Pipeline(config)
    with pytest.raises(KeyboardInterrupt):
        pipeline.walk([*STAGES[:place], replace(STAGES[place], do=stop), *STAGES[place + 1 :]])
    return pipeline.folder.path


def test_stopped_before_every_stage_it_goes_on_and_ends_the_same(run, plain, make_config, paths):
    """Each stage has what came before it from files alone; of `plain` all of it was in memory."""
    for stage in STAGES:
        stopped_before(stage.name, make_config("debug=smoke", *paths))
    found = run()
    records = [json.loads((folder / "run.json").read_text()) for folder in (found, plain)]
    for key in ("profiles", "spearman", "scores", "items"):  # from files or from memory
        assert records[0][key] == records[1][key], key
    assert steps_of(found) == steps_of(plain)
    for name in ("layers.csv", "scores.json", "samples.jsonl"):
        assert (found / name).read_text() == (plain / name).read_text()


def test_base_is_measured_once_for_all_runs(run, monkeypatch):
    import src.pipeline.score_stage as scoring

    calls = []
    original = scoring.evaluate
    monkeypatch.setattr(scoring, "evaluate", lambda *a, **k: calls.append(1) or original(*a, **k))
    run("method=lora", "metrics=none")
    assert len(calls) == 2
    run("method=midblock", "metrics=none")
    assert len(calls) == 3


def test_a_loss_that_is_not_finite_fails_the_run_and_the_record_says_so(run, tmp_path):
    with pytest.raises(TrainingError, match="step"):
        run("method=full", "metrics=none", "train.learning_rate=1e30", "train.max_grad_norm=null")
    (record,) = [json.loads(path.read_text()) for path in (tmp_path / "runs").rglob("run.json")]
    assert record["status"] == "failed"
    assert "step" in record["error"]
    assert "row" in record["error"]
    assert find_runs(tmp_path / "runs")[0].problem.startswith("failed: TrainingError")


@pytest.mark.parametrize(
    ("overrides", "error", "line"),
    [
        (["method.rank=65"], ConfigError, "method.rank: given '65'; accepted: at most 64"),
        (["band.start=0.41", "band.stop=0.49"], ConfigError, "at least one block"),
        (["model=tiny_bert"], ModelError, "objective=causal_lm"),
        (["model=hf", "model.id=./nowhere"], ModelError, "nowhere"),
        (["device=cuda"], ConfigError, "device: given 'cuda'"),
    ],
)
def test_what_is_refused_leaves_no_folder(run, tmp_path, overrides, error, line):
    with pytest.raises(error, match=line):
        run(*overrides)
    assert not [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]


def test_a_damaged_stage_result_is_named(run, make_config, paths):
    folder = stopped_before("probe", make_config("debug=smoke", *paths))
    (folder / "stages" / "train.json").write_text("{")
    with pytest.raises(StorageError, match=r"train.json: cannot be read as JSON .*remove it"):
        run()


@pytest.mark.parametrize("method", ["midblock", "full", "frozen"])
def test_every_metric_of_the_catalog_is_measured_in_a_run(run, method):
    folder = run(f"method={method}", "method.rank=4", "metrics=all", "metrics.num_gradient_rows=4")
    layers = pandas.read_csv(folder / "layers.csv")
    found = set(layers["metric"].str.partition("/")[0])
    if method == "frozen":  # nothing changed: what describes one model is there
        assert {"effective_rank", "prompt_entropy", "lens_entropy", "lidar"} <= found
        assert set(layers["stage"]) == {"base"}
        return
    assert found == {name for name, metric in METRICS.items() if not metric.extra}
    kinds = set(layers["metric"]) - found
    assert "weight_change/q" in kinds
    known = layers[layers["value"].notna()]
    assert set(known["metric"].str.partition("/")[0]) == found  # no metric is missing everywhere
    assert (known["low"].isna() | (known["low"] <= known["value"] + 1e-9)).all()
    record = json.loads((folder / "run.json").read_text())
    pairs = {(one["first"], one["second"]) for one in record["spearman"]}
    assert ("weight_change", "cosine_similarity") in pairs


def test_a_base_cached_for_other_views_is_not_taken(run):
    few, many = run("metrics=views"), run("metrics=views", "metrics.view_dropout=0.6")
    tables = [pandas.read_csv(folder / "layers.csv") for folder in (few, many)]
    base = [
        table.loc[(table["stage"] == "base") & (table["metric"] == "infonce"), "value"] for table in tables
    ]
    assert (base[0].to_numpy() != base[1].to_numpy()).all()


def test_further_probe_rows_report_the_spread_and_change_nothing_else(run):
    every = ("metrics=all", "metrics.num_gradient_rows=4", "model.num_blocks=8")
    one, two = run(*every), run(*every, "probe.seeds=[0,1]")
    assert steps_of(one) == steps_of(two)
    assert (one / "samples.jsonl").read_text() == (two / "samples.jsonl").read_text()
    assert (two / "layers-seed-0.csv").read_text() == (one / "layers.csv").read_text()
    tables = [
        pandas.read_csv(two / f"layers-seed-{seed}.csv").set_index(["metric", "stage", "layer"])
        for seed in range(2)
    ]
    merged = pandas.read_csv(two / "layers.csv").set_index(["metric", "stage", "layer"])
    key = ("effective_rank", "tuned", 7)
    values = [table.loc[key, "value"] for table in tables]
    assert len(set(values)) == 2
    assert merged.loc[key, "value"] == pytest.approx(sum(values) / 2)
    assert merged.loc[key, "stderr"] == pytest.approx(pandas.Series(values).std())
    assert (
        merged.loc[("weight_change", "change", 7), "value"]
        == tables[0].loc[("weight_change", "change", 7), "value"]
    )


def test_the_report_shows_every_run_and_hides_no_failure(run, tmp_path):
    from rich.console import Console

    run("method=lora")
    run("method=midblock", "method.rank=4")
    with pytest.raises(TrainingError):
        run("method=full", "train.learning_rate=1e30", "train.max_grad_norm=null", "train.max_steps=20")
    console = Console(width=100, record=True, quiet=True)
    path = report(tmp_path / "runs" / "smoke", console).with_name("report.md")
    text = path.read_text()
    assert text.count("| midblock |") == 1
    assert text.count("| lora |") == 1
    assert "| 2-7 |" in text
    assert "| full-" in text
    assert "| failed: TrainingError: " in text
    assert "0.000 ± 0.000" in text
    figures = sorted(path.parent.glob("*.png"))
    assert len(figures) == len(METRICS_OF_DEFAULT)
    assert all(figure.read_bytes().startswith(b"\x89PNG") for figure in figures)
    assert all(f"({figure.name})" in text for figure in figures)


def test_wandb_mirrors_offline_and_writes_inside_the_run(run):
    folder = run("record=offline")
    (history,) = (folder / "wandb").glob("offline-run-*/*.wandb")
    assert history.stat().st_size > 1000
