"""Which of our scores stands beside a published number, and how it is judged."""

import csv
import io
import json

import numpy
import pandas
import pytest

from src.analysis.answers import difference
from src.analysis.arm_scores import read_scores, scatter_between
from src.analysis.claims import MINIATURE
from src.analysis.experiment import read_study
from src.analysis.find_runs import find_runs
from src.analysis.material import Material
from src.bench.made_runs import MadeStudy, make_runs
from src.report.sections.published import SECTION
from src.report.table_csv import csv_text

BANDS = ("whole", "01110", "01000", "10000", "00001")
EFFECTS = {"00001": -0.2, "01000": 0.1}


def make(folder, tasks, seeds=(0, 1, 2)):
    made = MadeStudy(bands=BANDS, scalings=("fixed_alpha",), seeds=seeds, effects=EFFECTS, tasks=tasks)
    make_runs(folder, made)
    return folder


def table_of(folder, name="published"):
    """The rows of a table as mappings of column to cell."""
    parts = SECTION.part(Material(read_study(folder))).blocks
    table = next(block for block in parts if getattr(block, "name", "") == name)
    return list(csv.DictReader(io.StringIO(csv_text(table))))


@pytest.fixture
def two_filters(tmp_path):
    """gsm8k as lm-eval gives it: two filters, the one that does not count first and at half the score."""
    folder = make(tmp_path / "made", {"gsm8k": 200, "heldout": 100})
    for run in find_runs(folder):
        (run.folder / "samples.jsonl").unlink()
        scores = []
        for row in run.record["scores"]:
            if row["task"] == "gsm8k":
                scores.append(row | {"metric": "exact_match/strict-match", "value": row["value"] / 2})
                row = row | {"metric": "exact_match/flexible-extract"}
            scores.append(row)
        record = run.record | {"scores": scores, "fidelity": "sound"}
        (run.folder / "run.json").write_text(json.dumps(record))
    return folder


def test_the_published_task_is_found_under_the_name_that_its_fidelity_gives_it(tmp_path):
    rows = table_of(make(tmp_path / "made", {"heldout": 100, "gsm8k_0shot": 200, "mmlu_0shot": 200}))
    edge = next(row for row in rows if row["name"] == "gain 00001")
    assert (edge["verdict"], edge["reason"].partition(" (")[0]) == (MINIATURE, "here: the published sign")
    assert edge["ours"] == "gsm8k_0shot: 00001 − 11111"
    assert edge["other_setting"] == "smollm2_135m for olmo2_7b"
    assert {row["ours"].partition(":")[0] for row in rows} == {"gsm8k_0shot"}


def test_a_published_end_of_depth_is_held_against_the_layers_before_the_last(tmp_path):
    """The published code takes out no states behind the last block."""
    folder = make(tmp_path / "made", {"heldout": 50})
    rows = [row for row in table_of(folder, "published_levels") if row["name"] == "mean shift end"]
    tables = [
        pandas.read_csv(run.folder / "layers.csv").query("metric == 'mean_shift' and depth > 0.8 + 1e-9")
        for run in find_runs(folder)
        if run.record["choices"]["band"] == "whole"
    ]
    for told, part in (("layers up to L-1", "depth < 1"), ("with layer L", "depth <= 1")):
        (row,) = [row for row in rows if row["ours"].endswith(f", {told}")]
        expected = numpy.mean([table.query(part)["value"].max() for table in tables])
        assert float(row["value"]) == pytest.approx(expected)
        assert float(row["ci_low"]) > 0
    assert len(rows) == 2 and float(rows[0]["value"]) < float(rows[1]["value"])


def test_of_two_filters_the_one_that_the_reference_names_counts_and_is_stated(two_filters):
    rows = table_of(two_filters)
    edge = next(row for row in rows if row["name"] == "gain 00001")
    assert edge["ours"] == "gsm8k (exact_match/flexible-extract): 00001 − 11111"
    assert float(edge["value"]) == pytest.approx(-0.2, abs=0.06)  # half of it under the other filter
    assert edge["other_setting"] == "smollm2_135m for olmo2_7b"  # its claim may be judged soundly too
    level = next(row for row in table_of(two_filters, "published_levels") if row["name"] == "score 00001")
    assert level["other_setting"] == "smollm2_135m for olmo2_7b, fidelity=sound for published"
    assert {row["ours"].partition(":")[0] for row in rows} == {"gsm8k (exact_match/flexible-extract)"}


def test_a_contrast_of_two_bands_has_its_95_percent_interval_whatever_else_was_run(tmp_path):
    folder = make(tmp_path / "made", {"gsm8k_0shot": 200})
    (task,) = read_scores(read_study(folder))
    arms = {one.arm.band: one for one in task.arms}
    alone = difference(*(arms[band].tuned for band in ("01000", "00001")),
                       scatter_between([arms["01000"], arms["00001"]]))  # fmt: skip
    row = next(row for row in table_of(folder) if row["name"] == "middle over edge")
    assert float(row["ci_low"]) == pytest.approx(alone.interval()[0], rel=1e-4)
    assert float(row["value"]) == pytest.approx(alone.value, rel=1e-4)


def test_runs_of_the_claimed_setting_get_a_word_and_nothing_else_does(tmp_path):
    folder = make(tmp_path / "made", {"gsm8k_0shot": 1319})
    for run in find_runs(folder):
        record = run.record | {"choices": run.record["choices"] | {"model": "olmo2_7b"}}
        (run.folder / "run.json").write_text(json.dumps(record))
        text = (run.folder / "config.yaml").read_text()
        (run.folder / "config.yaml").write_text(text.replace("name: smollm2_135m", "name: olmo2_7b"))
    rows = {(row["reference"], row["name"]): row for row in table_of(folder)}
    edge = rows["OLMo-2 7B, bands", "gain 00001"]
    assert (edge["verdict"], edge["other_setting"]) == ("confirmed", "")
    assert -0.145 < float(edge["target"]) < 0 < float(edge["target_stderr"])
    assert rows["OLMo-2 7B, bands", "gain 10000"]["verdict"] == "no claim"
    assert rows["OLMo-2 13B, bands", "best band gain"]["verdict"] == MINIATURE


def test_the_relative_gain_has_an_interval_that_holds_0_where_that_of_the_difference_does(tmp_path):
    rows = table_of(make(tmp_path / "made", {"gsm8k_0shot": 200}))
    relative = {row["reference"]: row for row in rows if row["name"] == "best band gain relative"}
    plain = {row["reference"]: row for row in rows if row["name"] == "best band gain"}
    assert (
        set(relative) == set(plain) == {"OLMo-2 7B, bands", "OLMo-2 13B, bands"}
    )  # 01000 and 01110 were run
    for name, row in relative.items():
        low, high = float(row["ci_low"]), float(row["ci_high"])
        assert low < float(row["value"]) < high
        assert low * float(plain[name]["ci_low"]) > 0
        assert high * float(plain[name]["ci_high"]) > 0
        assert row["verdict"]


def test_a_note_and_a_source_stand_beside_every_published_number(tmp_path):
    folder = make(tmp_path / "made", {"gsm8k_0shot": 200}, seeds=(0,))
    gain = next(row for row in table_of(folder) if row["name"] == "best band gain")
    assert "the best of nine bands, chosen after the fact" in gain["note"]
    for name in ("published", "published_levels", "published_missing"):
        assert all(row["source"] for row in table_of(folder, name))
    edge = next(row for row in table_of(folder) if row["name"] == "middle over edge")
    assert edge["published"] == "> 0.2, n 200 (inferred)"
    assert edge["source"] == "third-party notes on arXiv 2604.11838 v1: ablation over bands"
