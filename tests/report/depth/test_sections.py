"""What the page says of many models and controls."""

import json

import numpy
import pytest

from src.report.blocks import Chart, Table
from src.report.depth.analysis import analyse
from src.report.depth.picture import draw_depth
from src.report.markdown import csv_text
from src.report.section import Material
from src.report.sections import crossing, depth
from src.report.study import read_study


def built(section, folder):
    return section.build(Material(read_study(folder)))


def tables(blocks):
    return {block.name: block for block in blocks if isinstance(block, Table)}


def test_the_page_has_every_table_and_calls_a_miniature_one(study):
    blocks = built(depth, study)
    assert (
        blocks[0]
        .lines[0]
        .startswith("A miniature: 96 runs of 8 models, 3 seeds; all of them are small twins")
    )
    assert set(tables(blocks)) == {
        "depth_findings", "depth_decomposition", "depth_groups", "depth_contrasts", "depth_positive",
        "depth_width", "depth_width_order", "depth_width_shares", "depth_cells", "depth_kind_profiles",
    }  # fmt: skip
    for table in tables(blocks).values():
        assert len({len(row) for row in table.shown()}) == 1
        assert csv_text(table).count("\n") == len(table.rows) + 1
    for chart in (block for block in blocks if isinstance(block, Chart)):
        json.dumps(dict(chart.figures), allow_nan=False)


def test_findings_stand_beside_the_published_words(study):
    table = tables(built(depth, study))["depth_findings"]
    rows = {row[0]: row for row in table.rows}
    assert rows["positive slopes"][1] == "189 of 190"
    assert "parallel-block models keep it for causal_lm" in rows["equal step parallel keeps slope"][1]
    assert rows["equal step parallel keeps slope"][3] == "reproduced"
    assert rows["steepness with objective distance"][3] == "not measured"
    assert all(row[4].startswith("Reproduced: ") for row in table.rows)


def test_one_model_one_objective_one_control_is_no_study(write_run):
    assert built(depth, write_run(0.5).parent) == []


def test_steepness_that_rises_with_distance_is_found(write_run, tmp_path):
    distances = {"causal_lm": 0.0, "contrastive": 0.8, "simcse": 0.9}
    for model in ("tiny_gpt2", "tiny_gpt_neox", "tiny_codegen", "tiny_opt"):
        for objective, distance in distances.items():
            write_run(0.2 + distance, model, objective, distance=distance)
    found = tables(built(depth, tmp_path / "study"))
    rows = {(row[3], row[1]): row for row in found["depth_steepness"].rows if row[0] == "procrustes_distance"}
    assert rows["all, ranked within each", "slope"][4:6] == [12, 1.0]
    assert rows["gpt2", "slope"][4:6] == [3, 1.0]
    assert rows["gpt2", "slope"][7] == pytest.approx(2 / 6)
    findings = {row[0]: row for row in found["depth_findings"].rows}
    assert findings["steepness with objective distance"][3] == "reproduced"
    assert "positive in 4 of 4 architectures" in findings["steepness with objective distance"][2]


def test_the_picture_is_drawn(study, tmp_path):
    (path,) = draw_depth(analyse(read_study(study).arms), tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def crossed(write_run, tmp_path):
    """Mid-Block gains 0.1 under standard training and nothing under equal steps."""
    rng = numpy.random.default_rng(0)
    for band in ("whole", "mid"):
        for control in ("none", "equal_step"):
            for seed in range(5):
                gain = 0.1 if band == "mid" and control == "none" else 0.0
                score = {"task": "heldout", "metric": "exact_match", "stderr": None, "n": 200}
                value = 0.4 + gain + rng.normal(0, 0.005)
                write_run(0.5, control=control, band=band, seed=seed,
                          scores=[score | {"stage": "base", "value": 0.1}, score | {"stage": "tuned", "value": value}])  # fmt: skip
    return tmp_path / "study"


def test_the_question_between_the_papers_has_one_sentence_and_an_interval(crossed):
    blocks = built(crossing, crossed)
    (sentence,) = blocks[0].lines
    assert sentence.startswith(
        "Band mid, gpt2, causal_lm, english, heldout (exact match): The advantage does not survive equal steps: +0."
    )
    assert "(n = 5 seeds)" in sentence
    names = [column.name for column in tables(blocks)["band_control"].columns]
    rows = [dict(zip(names, row, strict=True)) for row in tables(blocks)["band_control"].rows]
    rows = {row["advantage over the whole stack"]: row for row in rows}
    assert set(rows) == {"standard", "equal_step", "change"}
    low, high = rows["change"]["95 % interval"]
    assert low < 0.1 < high or low == pytest.approx(0.1, abs=0.02)
    assert rows["change"]["verdict"] == "lost"


def test_without_both_controls_the_question_is_not_asked(write_run):
    write_run(0.5, band="mid")
    assert built(crossing, write_run(0.5).parent) == []
