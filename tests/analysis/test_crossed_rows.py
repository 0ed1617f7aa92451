"""Each seed on each set of rows: what the report makes of it, from made runs."""

import json
import shutil

import numpy
import pytest
import yaml

from src.analysis.crossed_rows import crossed_rows, difference_rows, share_rows
from src.analysis.experiment import read_study
from src.analysis.find_runs import find_runs
from src.analysis.material import Material
from src.bench.made_runs import MadeStudy, make_runs
from src.report.sections.crossed_rows import SECTION

BANDS = ("whole", "10000", "01110", "00001", "random")


def write_crossed(folder, sets=(0, 1), lost=0.0, bands=BANDS):
    """Made runs, each seed on each set; the tests of two sets are other ones, and the last fifth loses on all."""
    for rows in sets:
        made = folder.parent / f"set{rows}"
        make_runs(made, MadeStudy(bands=bands, scalings=("alpha_over_r",), tasks={"heldout": 100}))
        for run in find_runs(made):
            told = yaml.safe_load((run.folder / "config.yaml").read_text())
            told["data"]["seed"] = rows
            samples = [json.loads(line) for line in (run.folder / "samples.jsonl").read_text().splitlines()]
            for one in samples:
                one["id"] = f"{rows}-{one['id']}"
            record = json.loads((run.folder / "run.json").read_text())
            record["data"]["fingerprint"] = f"rows {rows}"
            if record["choices"]["band"] == "00001" and lost:
                record["scores"][1]["value"] -= lost
                samples = []
            record["id"] = f"{run.name[:-10]}{rows}{run.name[-9:]}"
            target = folder / record["id"]
            shutil.copytree(run.folder, target)
            (target / "config.yaml").write_text(yaml.safe_dump(told, sort_keys=False))
            (target / "samples.jsonl").write_text("".join(json.dumps(one) + "\n" for one in samples))
            (target / "run.json").write_text(json.dumps(record))
    return Material(read_study(folder))


def test_no_answer_is_left_out_for_being_of_another_set(tmp_path):
    """Of another set are other items; a contrast compares runs of one set."""
    material = write_crossed(tmp_path / "crossed")
    assert not [problem for task in material.scores for problem in task.problems]
    (found,) = material.get(crossed_rows)
    assert found.table.shape == (len(BANDS), 3, 2)
    assert found.condition == ""


def test_the_loss_of_a_band_is_found_over_seeds_and_sets(tmp_path):
    material = write_crossed(tmp_path / "crossed", lost=0.3)
    rows = {row["band"]: row for row in material.get(difference_rows)}
    assert set(rows) == {"10000", "01110", "00001", "random"}
    (found,) = material.get(crossed_rows)
    means = {one.arm.band: found.table[place].mean() for place, one in enumerate(found.arms)}
    assert rows["00001"]["value"] == pytest.approx(means["00001"] - means["11111"])
    assert rows["00001"]["p_holm"] < 0.05
    assert (rows["00001"]["num_seeds"], rows["00001"]["num_row_sets"]) == (3, 2)


def test_shares_add_up_and_leave_random_bands_out(tmp_path):
    (row,) = write_crossed(tmp_path / "crossed").get(share_rows)
    assert row["between_seeds"] + row["between_rows"] + row["between_rest"] == pytest.approx(1)
    assert row["num_arms"] == len(BANDS) - 1


def test_an_arm_without_one_set_is_left_out(tmp_path):
    folder = tmp_path / "crossed"
    write_crossed(folder)
    lone = next(run for run in find_runs(folder) if run.record["choices"]["band"] == "10000")
    shutil.rmtree(lone.folder)
    material = Material(read_study(folder))
    assert "10000" not in {row["band"] for row in material.get(difference_rows)}


def test_two_arms_and_one_whose_blocks_differ_by_seed_tell_no_scatter(tmp_path):
    """Its scatter over seeds is that of its blocks, too, and two arms have nothing to be held against."""
    material = write_crossed(tmp_path / "crossed", bands=("whole", "01110", "random"))
    assert SECTION.build(material) == []


@pytest.mark.parametrize("sets", [(0,), (3,)])
def test_one_set_has_no_section(tmp_path, sets):
    material = write_crossed(tmp_path / "crossed", sets)
    assert SECTION.build(material) == []


def test_every_column_of_both_tables_is_filled(tmp_path):
    chart, *tables = SECTION.build(write_crossed(tmp_path / "crossed"))
    assert [one.name for one in (chart, *tables)] == ["crossed", "crossed_rows", "crossed_shares"]
    assert [list(plot.y.names) for plot in chart.plots.values()] == [[row["band"] for row in tables[0].rows]]
    for table in tables:
        empty = {key for key in table.keys if all(row.get(key) is None for row in table.rows)}
        assert not empty
        assert all(numpy.isfinite(row["value"]) for row in table.rows if "value" in row)
