"""What the page says of bands under both controls."""

import json

import numpy
import pytest

from src.analysis.experiment import read_study
from src.analysis.material import Material
from src.report.depth import band_control
from src.report.table import Table


def built(section, folder):
    return section.build(Material(read_study(folder)))


def tables(blocks):
    return {block.name: block for block in blocks if isinstance(block, Table)}


@pytest.fixture
def crossed(write_run, tmp_path):
    """Mid-Block gains 0.1 under standard training and nothing under equal steps."""
    rng = numpy.random.default_rng(0)
    sizes = {"whole": 0.002, "mid": 0.003}
    for band in ("whole", "mid"):
        for control in ("none", "equal_step"):
            for seed in range(5):
                gain = 0.1 if band == "mid" and control == "none" else 0.0
                score = {"task": "heldout", "metric": "exact_match", "stderr": None, "n": 200}
                value = 0.4 + gain + rng.normal(0, 0.005)
                told = {"kind": control} | ({} if control == "none" else {
                    "grouping": "block", "inferred": ["grouping"], "relative_size": {"mean": sizes[band]}})  # fmt: skip
                write_run(0.5, control=control, band=band, seed=seed, told=told,
                          scores=[score | {"stage": "base", "value": 0.1}, score | {"stage": "tuned", "value": value}])  # fmt: skip
    return tmp_path / "study"


def test_the_question_between_the_papers_has_one_sentence_and_an_interval(crossed):
    blocks = built(band_control, crossed)
    assert blocks[0].lines[0].startswith("A miniature: ")
    (sentence,) = blocks[1].lines
    assert sentence.startswith(
        "Band mid, gpt2, full, causal_lm, english, heldout (exact match): The advantage does not survive equal steps: +0."
    )
    assert "(n = 5 seeds)" in sentence
    rows = {row["advantage"]: row for row in tables(blocks)["band_control"].rows}
    assert set(rows) == {"standard", "equal_step", "change"}
    low, high = rows["change"]["ci_low"], rows["change"]["ci_high"]
    assert low < 0.1 < high or low == pytest.approx(0.1, abs=0.02)
    assert rows["change"]["verdict"] == "lost"
    assert rows["equal_step"]["size_band"] == pytest.approx(0.003)
    assert rows["equal_step"]["size_whole"] == pytest.approx(0.002)
    table = tables(blocks)["band_control"]
    assert table.title == "Band x control (miniature)"
    assert table.note.endswith("Inferred: control with grouping block.")


def test_the_mean_size_of_a_run_without_control_is_that_it_logged(crossed):
    for folder in crossed.iterdir():
        row = {"step": 1, "block_relative_sizes": [None, 0.01, 0.03]}
        (folder / "steps.jsonl").write_text(json.dumps(row) + "\n")
    table = tables(built(band_control, crossed))["band_control"]
    (row,) = [row for row in table.rows if row["advantage"] == "standard"]
    assert row["size_band"] == pytest.approx(0.02)


def test_unevenness_is_of_the_blocks_means_over_steps(crossed):
    """0.03 and 0.01 in one step, 0.01 and 0.03 in the next: the blocks move alike. Then 3 to 1 in both."""
    for folder in crossed.iterdir():
        swapped = "mid" in json.loads((folder / "run.json").read_text())["choices"]["band"]
        sizes = [[None, 0.01, 0.03], [None, 0.03, 0.01] if swapped else [None, 0.01, 0.03]]
        rows = [{"step": step, "block_relative_sizes": row} for step, row in enumerate(sizes, 1)]
        (folder / "steps.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = tables(built(band_control, crossed))["band_control"]
    row = table.rows[0]
    assert (row["uneven_band"], row["uneven_whole"]) == (pytest.approx(1), pytest.approx(3))


def test_it_says_whether_all_arms_take_the_same_size(crossed, configure):
    assert "each takes its r from its own blocks" in tables(built(band_control, crossed))["band_control"].note
    for folder in crossed.iterdir():
        configure(folder, control={"target": "fixed", "size": 0.001})
    note = tables(built(band_control, crossed))["band_control"].note
    assert "All arms take the same r." in note and "own blocks" not in note


def test_arms_of_another_method_are_crossed_by_themselves(crossed, configure):
    """A second whole stack, with LoRA, must not take the place of the first."""
    for folder in list(crossed.iterdir()):
        record = json.loads((folder / "run.json").read_text())
        configure(folder, method={"kind": "full"})
        if record["choices"]["band"] == "whole":
            other = crossed / f"lora-{folder.name}"
            other.mkdir()
            record["choices"]["method"] = "lora"
            record["scores"][1]["value"] = 0.9
            (other / "run.json").write_text(json.dumps(record))
            configure(other, method={"kind": "lora"})
    table = tables(built(band_control, crossed))["band_control"]
    assert [row["method"] for row in table.rows] == ["full"] * 3
    assert table.rows[0]["value"] == pytest.approx(0.1, abs=0.02)


def test_without_both_controls_the_question_is_not_asked(write_run):
    write_run(0.5, band="mid")
    assert built(band_control, write_run(0.5).parent) == []
