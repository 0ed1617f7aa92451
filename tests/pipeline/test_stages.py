"""The list of stages: what each needs is there, nothing is kept twice, and sharded weights are let go."""

import gc
import json
import weakref
from dataclasses import replace

import pytest

import src.pipeline.train_stage
from src.pipeline import stage as run_stage
from src.pipeline.pipeline import Pipeline
from src.pipeline.stage import Stage, check_order
from src.pipeline.stages import STAGES
from src.run import execute

QUIET = ["debug=smoke", "metrics=none", "record=none"]


def test_a_stage_that_reads_what_nobody_wrote_is_refused():
    check_order(STAGES)
    with pytest.raises(ValueError, match="stage probe reads tuned model, which no stage before it writes"):
        check_order([stage for stage in STAGES if stage.name != "train"])
    with pytest.raises(ValueError, match="stage record reads"):
        check_order([STAGES[-1], *STAGES[:-1]])


def test_an_analysis_is_one_entry(make_config, paths):
    """It sees the trained model, and what it leaves is not made again."""
    seen = []

    def analyse(run):
        seen.append(run.once("analysis", lambda: {"trained": run.prepared.adapted.num_trainable}))

    analysis = Stage("analysis", analyse, reads=("tuned model", "rows"), writes=("stages/analysis.json",))
    pipeline = Pipeline(make_config(*QUIET, *paths))
    pipeline.walk([*STAGES[:-1], analysis, STAGES[-1]])
    record = json.loads((pipeline.folder.path / "run.json").read_text())
    assert seen == [{"trained": record["params"]["trainable"]}]


def test_samples_that_an_earlier_version_kept_beside_the_scores_move(make_config, paths):
    config = make_config(*QUIET, *paths)
    pipeline = Pipeline(config)

    def kill(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.walk([STAGES[0], replace(STAGES[1], do=kill), *STAGES[2:]])
    folder = pipeline.folder.path
    rows = pipeline.folder.samples()
    assert rows and {row.pop("stage") for row in rows} == {"base"}
    old = json.loads((folder / "stages" / "scores-base.json").read_text())
    old["result"] = {"scores": old["result"]["scores"], "samples": rows}
    (folder / "stages" / "scores-base.json").write_text(json.dumps(old))
    before = (folder / "samples.jsonl").read_bytes()
    (folder / "samples.jsonl").unlink()
    with pipeline.opened():
        assert (folder / "samples.jsonl").read_bytes() == before
        assert '"samples"' not in (folder / "stages" / "scores-base.json").read_text()


@pytest.mark.parametrize("control", ["none", "equal_step"])
def test_sharded_weights_are_let_go_after_training(make_config, paths, monkeypatch, control):
    """Else rank 0 would hold its shards beside the whole model. A control holds the modules too."""
    known, left = [], []
    shard, prepare = src.pipeline.train_stage.shard, run_stage.prepare

    def sharded(model, blocks, device):
        shard(model, blocks, device)
        known.append(weakref.ref(next(value for value in model.parameters() if value.requires_grad)))

    def anew(config, splits):
        left.extend(reference() for reference in known)
        return prepare(config, splits)

    monkeypatch.setattr(src.pipeline.train_stage, "shard", sharded)
    monkeypatch.setattr(run_stage, "prepare", anew)
    gc.collect()
    config = make_config(
        *QUIET,
        *paths,
        "evaluate.limit=2",
        "method.dropout=0.0",
        "train.num_processes=2",
        f"control={control}",
    )
    execute(config)
    assert left == [None]
