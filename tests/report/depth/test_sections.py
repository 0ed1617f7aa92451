"""What the page says of many models and controls."""

import json

import pytest

from src.analysis.depth.inferred import CELLS, SLOPE, WIDTH
from src.analysis.experiment import read_study
from src.analysis.material import Material
from src.report.depth import plugin
from src.report.parts import Chart
from src.report.plotly_figure import plotly_figure
from src.report.png_figure import draw
from src.report.table import Table
from src.report.table_csv import csv_text
from src.report.write import write_report


def built(section, folder):
    return section.build(Material(read_study(folder)))


def tables(blocks):
    return {block.name: block for block in blocks if isinstance(block, Table)}


def test_the_page_has_every_table_and_calls_a_miniature_one(study):
    blocks = built(plugin, study)
    assert (
        blocks[0]
        .lines[0]
        .startswith("A miniature: 96 runs of 8 models, 3 seeds; all of them are small twins")
    )
    assert set(tables(blocks)) == {
        "depth_findings", "depth_decomposition", "depth_groups", "depth_contrasts", "depth_positive",
        "depth_width", "depth_width_order", "depth_width_shares", "depth_cells", "depth_family_profiles",
    }  # fmt: skip
    for table in tables(blocks).values():
        assert len({len(row) for row in table.shown()}) == 1
        assert csv_text(table).count("\n") == len(table.rows) + 1
    charts = [block for block in blocks if isinstance(block, Chart)]
    assert [chart.name for chart in charts] == ["depth_slopes", "depth_families", "depth_families_controls"]
    for chart in charts:
        assert chart.title.endswith(" (miniature)")
        json.dumps([plotly_figure(plot) for plot in chart.plots.values()], allow_nan=False)


def test_cells_that_differ_in_the_optimizer_alone_are_told_apart(study, configure):
    """Every third run had another optimizer: a row must say which, and no two rows have one name."""
    for folder in study.iterdir():
        seed = json.loads((folder / "run.json").read_text())["seed"]
        configure(folder, train={"optimizer": "sgd" if seed == 2 else "adamw"})
    for name in ("depth_cells", "depth_decomposition"):
        table = tables(built(plugin, study))[name]
        named = ("reading", "label", "objective", "control", "metric", "quantity", "others")
        keys = [tuple(row.get(key) for key in named) for row in table.rows]
        assert len(set(keys)) == len(keys)
        assert "others" in csv_text(table).splitlines()[0].split(",")
        assert {row["others"] for row in table.rows} == {"train.optimizer=sgd", "train.optimizer=adamw"}


def test_what_is_inferred_is_labelled_wherever_it_shows(study, configure):
    inferred = {
        "kind": "equal_step",
        "grouping": "block",
        "target": "mean",
        "inferred": ["grouping", "target"],
    }
    for folder in study.iterdir():
        record = json.loads((folder / "run.json").read_text())
        if record["choices"]["control"] == "equal_step":
            (folder / "run.json").write_text(json.dumps(record | {"control": inferred}))
        configure(folder, train={"epochs": 3.0, "learning_rate": 0.0005})
    blocks = built(plugin, study)
    (line,) = [line for line in blocks[0].lines if line.startswith("Inferred: ")]
    assert line.startswith("Inferred: control with grouping block, r (the common relative size) mean; ")
    assert line.endswith("; epochs 3; learning rate 0.0005.")
    for words in (SLOPE, WIDTH, CELLS):
        assert words in line
    notes = {name: table.note for name, table in tables(blocks).items()}
    assert notes["depth_width"].startswith(f"Inferred: {WIDTH}. ")
    assert notes["depth_cells"].startswith(f"Inferred: {SLOPE}; {WIDTH}; {CELLS}. ")


def test_the_head_of_the_page_counts_these_verdicts_too(study):
    (line,) = [line for line in write_report(study).lead if "findings" in line]
    assert line.startswith("Published findings on depth (miniature): 5 checks in miniature")


def test_findings_stand_beside_the_published_words(study):
    table = tables(built(plugin, study))["depth_findings"]
    rows = {row["name"]: row for row in table.rows}
    assert rows["positive slopes"]["published"] == "189 of 190"
    parallel = rows["equal step parallel keeps slope"]
    assert "parallel-block models keep it for causal_lm" in parallel["published"]
    assert parallel["verdict"] == "check in miniature"
    assert parallel["ours"].startswith("here as published: of these models")
    assert rows["steepness with objective distance"]["verdict"] == "not measured"
    assert all(row["rule"].startswith("Confirmed: ") for row in table.rows)


def test_one_model_one_objective_one_control_is_no_study(write_run):
    assert built(plugin, write_run(0.5).parent) == []


def test_steepness_that_rises_with_distance_is_found(write_run, write_nulls, tmp_path):
    write_nulls(["tiny_gpt2", "tiny_gpt_neox", "tiny_codegen", "tiny_opt"], num_draws=1, scatter=0)
    distances = {"causal_lm": 0.0, "contrastive": 0.8, "simcse": 0.9}
    for model in ("tiny_gpt2", "tiny_gpt_neox", "tiny_codegen", "tiny_opt"):
        for objective, distance in distances.items():
            write_run(0.2 + distance, model, objective, distance=distance)
    found = tables(built(plugin, tmp_path / "study"))
    ranks = [
        row
        for row in found["depth_steepness"].rows
        if (row["metric"], row["reading"]) == ("procrustes_distance", "as it is")
    ]
    rows = {(row["architecture"], row["quantity"]): row for row in ranks}
    every, gpt2 = rows["all, ranked within each", "slope"], rows["gpt2", "slope"]
    assert (every["num_cells"], every["rho"]) == (12, 1.0)
    assert (gpt2["num_cells"], gpt2["rho"]) == (3, 1.0)
    assert gpt2["p_least"] == pytest.approx(2 / 6)
    findings = {row["name"]: row for row in found["depth_findings"].rows}
    steep = findings["steepness with objective distance"]
    assert steep["verdict"] == "check in miniature" and steep["ours"].startswith("here as published: rho")
    assert "positive in 4 of 4 architectures" in steep["ours"]


def test_the_picture_is_drawn(study, tmp_path):
    (plot,) = plugin.pictures(Material(read_study(study))).values()
    path = draw(plot, tmp_path / "slopes.png")
    assert path.read_bytes().startswith(b"\x89PNG")
