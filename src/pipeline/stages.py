"""The stages of a run, in order. A further one, such as an analysis, is a function and an entry of STAGES.

A part of a stage whose result is in the run's folder is not done again (`Run.once`).
"""

import logging
import shutil
from typing import Any

from src.control.describe import describe_control
from src.pipeline.intervene_stage import intervene
from src.pipeline.probe_stage import RunProbe
from src.pipeline.score_stage import RunScores, keep_scores
from src.pipeline.stage import PREPARED, Run, Stage
from src.pipeline.train_stage import train
from src.probe.table.reading_tables import describe_tables, write_tables
from src.record.folder import LAYERS, SAMPLES, STEPS
from src.record.run_record import describe_items, write_record
from src.storage.files import write_json
from src.train.checkpoint import checkpoints
from src.train.describe_selection import describe_selection

_LOG = logging.getLogger(__name__)


def score_base(run: Run) -> None:
    """Scores of the model before training."""
    keep_scores(run, "base", RunScores(run.prepared, run.team).of_base)


def score_tuned(run: Run) -> None:
    """Scores of the trained model."""
    if run.prepared.trains:
        keep_scores(run, "tuned", RunScores(run.prepared, run.team).of_tuned)


def probe(run: Run) -> None:
    """Measure every layer of base and tuned model; layers.csv."""
    run.once("probe", lambda: _probe(run))
    run.tracker.layers(run.layers)


def record(run: Run) -> None:
    """Write the files that a reader opens, and the record last of all."""
    run.lock.check()
    folder, scores = run.folder, run.folder.scores()
    write_json(folder.path / "scores.json", scores)
    found = {"scores": scores, "scoring": folder.scoring(), "items": describe_items(folder.samples())}
    found |= describe_tables(run.tables) | {"tokens": folder.result("probe").get("tokens")}
    found["control"] = describe_control(run.config, folder.steps(), folder.pushed())
    found["selection"] = describe_selection(run.config.data, folder.steps())
    write_record(folder.path, run.description("success") | found)
    for path in checkpoints(folder.path):
        shutil.rmtree(path)


TUNED = "tuned model"
SCORES = ("scores of the base", "scores of the tuned")
STAGES = (
    Stage("score the base", score_base, reads=PREPARED, writes=(SCORES[0], SAMPLES)),
    Stage("train", train, reads=PREPARED, writes=(TUNED, STEPS)),
    Stage("probe", probe, reads=(*PREPARED, TUNED, STEPS), writes=(LAYERS,)),
    Stage("score the tuned", score_tuned, reads=("rows", TUNED), writes=(SCORES[1], SAMPLES)),
    Stage("intervene", intervene, reads=("rows", TUNED), writes=()),
    Stage("record", record, reads=(*SCORES, SAMPLES, STEPS, LAYERS), writes=("run.json",)),
)


def _probe(run: Run) -> dict[str, Any]:
    prepared = run.prepared
    config, splits = run.config, prepared.splits
    measured = RunProbe(prepared.adapted, prepared.objective, splits, prepared.encoded.rows, config, run.team)
    tables = [measured.measure(prepared.base, run.folder.steps())]
    tables += measured.measure_further(prepared.base)
    run.lock.check()
    run.tables = write_tables(run.folder.path, config.probe, tables)
    num_rows, names = len(splits.probe), ", ".join(config.metrics.names)
    _LOG.info("probed: %d rows, layers 0-%d: %s", num_rows, prepared.adapted.loaded.num_layers, names)
    return {"num_rows": num_rows, **measured.described}
