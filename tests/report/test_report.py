"""The whole report on made-up runs: files, what they say, and what they do not hide."""

import csv
import io
import json
import re

import plotly.graph_objects as go
import pytest
from rich.console import Console

from src.analysis.experiment import read_study
from src.bench.made_runs import MadeStudy, make_runs
from src.report.columns import columns
from src.report.page import html_page
from src.report.parts import Part
from src.report.plotly_figure import plotly_figure
from src.report.report import report
from src.report.sections.published import rule
from src.report.table import Table
from src.report.write import write_report

MADE = MadeStudy(
    bands=("whole", "01110", "01000", "10000", "00010", "00001"),
    effects={"00001": -0.2, "01000": 0.1, "10000": -0.06},
    seeds=(0, 1, 2, 3, 4),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "made"
    make_runs(folder, MADE)
    failed = folder / "lora-smollm2_135m-arithmetic-s9-failed"
    failed.mkdir()
    (failed / "config.yaml").write_text("")
    (failed / "run.json").write_text(
        json.dumps({"schema_version": 1, "status": "failed", "error": "E: <b>nan</b>"})
    )
    (folder / "unfinished").mkdir()
    (folder / "unfinished" / "config.yaml").write_text("")
    return folder


@pytest.fixture(scope="module")
def written(made):
    text = io.StringIO()
    page = report(made, Console(width=100, file=text))
    return page.parent, page.read_text(encoding="utf-8"), text.getvalue()


def rows_of(folder, name):
    return list(csv.DictReader(io.StringIO((folder / f"{name}.csv").read_text(encoding="utf-8"))))


def test_the_page_is_one_file_without_a_network(written):
    _, page, _ = written
    assert page.count("plotly.js v") == 1
    assert '<script src="' not in page
    assert '<link rel="stylesheet"' not in page
    assert len(page.encode()) < 8e6


def test_made_up_data_are_called_so(written):
    assert "Made-up data: nothing here was measured." in written[1]


def test_every_figure_is_one_that_plotly_accepts(made):
    charts = [chart for part in write_report(made).parts for chart in part.charts]
    assert {"scores_by_band", "differences", "forgetting", "parameters", "profiles", "learning_curves"} == {
        chart.name for chart in charts
    }
    for chart in charts:
        for plot in chart.plots.values():
            figure = plotly_figure(plot)
            assert len(go.Figure(figure).data)
            assert figure["layout"]["xaxis"]["title"]["text"]


def test_the_page_has_every_x_once_and_no_figure_loses_its_own(made, written):
    found = re.search(r'id="charts">(.*?)</script>', written[1], re.DOTALL)[1]
    (figure, *_) = json.loads(found)["profiles"].values()
    chart = next(one for part in write_report(made).parts for one in part.charts if one.name == "profiles")
    whole = plotly_figure(next(iter(chart.plots.values())))["data"]
    assert len(figure["shared"]) < len(figure["data"]) == len(whole)
    for trace, one in zip(figure["data"], whole, strict=True):
        assert trace | {"x": figure["shared"][trace["x"]]} == one


@pytest.mark.parametrize("num_rows", [200, 203])
def test_a_long_table_is_cut_on_the_page_and_says_where_the_rest_is(num_rows):
    table = Table("many", "Many", columns("band"), [{"band": f"row{place}."} for place in range(num_rows)])
    page = html_page("made", [], {}, [Part("Tables", [table])], "", made_up=True)
    assert len(re.findall(r"row\d+\.", page)) == 200
    assert ('3 more rows: <a href="many.csv">' in page) == (num_rows > 200)


def test_failed_and_unfinished_runs_are_in_every_form_of_the_report(written):
    folder, page, terminal = written
    assert "E: &lt;b&gt;nan&lt;/b&gt;" in page
    assert "<b>nan</b>" not in page
    for text in ((folder / "report.md").read_text(), terminal):
        assert "failed: E: <b>nan</b>" in text
        assert "unfinished" in text
    assert {row["run"] for row in rows_of(folder, "left_out")} == {
        "unfinished", "lora-smollm2_135m-arithmetic-s9-failed",
    }  # fmt: skip


def test_effects_have_a_word_and_the_rule_is_printed(written):
    folder, page, _ = written
    found = rows_of(folder, "published")
    assert {row["verdict"] for row in found} == {"check in miniature"}  # another model on another task
    assert "Published effects, each under every condition: " in page and "checks in miniature." in page
    by_name = {}
    for row in found:
        by_name.setdefault(row["name"], []).append(row)
    assert set(by_name) == {
        "best band gain", "best band gain relative", "gain 10000", "gain 00010", "gain 00001", "middle over edge",
    }  # fmt: skip
    edge = by_name["gain 00001"]
    assert len(edge) == 2  # under two scalings
    assert all(row["reason"].startswith("here: the published sign (p = ") for row in edge)
    assert all("olmo2_7b" in row["other_setting"] for row in edge)
    for line in rule():
        assert line.replace("'", "&#39;") in page
    assert all(f"{word}:" in " ".join(rule()) for word in ("confirmed", "smaller", "absent", "reversed"))


def test_what_nobody_measured_is_shown_as_missing(written):
    folder, page, _ = written
    why = {row["name"]: row["reason"] for row in rows_of(folder, "published_missing")}
    assert "no finished run has it: profile of metric early_exit_accuracy" in why["probing 32b end"]
    assert why["headline gain"].startswith("nothing here measures it")
    assert "early_exit_accuracy" in page


def test_levels_are_shown_and_not_judged(written):
    rows = rows_of(written[0], "published_levels")
    assert "verdict" not in rows[0]
    assert {"lora score", "largest scale ratio", "weight change with cosine"} <= {row["name"] for row in rows}
    ratios = {float(row["value"]) for row in rows if row["name"] == "largest scale ratio"}
    assert ratios == {1.0, 5.0}  # alpha / rank kept; alpha fixed and the rank five times as large


def test_markdown_and_csv_hold_the_same_tables(written):
    folder, page, _ = written
    text = (folder / "report.md").read_text()
    for name in ("scores", "differences", "published", "runs"):
        rows = rows_of(folder, name)
        assert rows
        for cell in list(rows[0].values())[:2]:
            assert cell in text
            assert cell in page
    row = rows_of(folder, "differences")[1]
    assert float(row["ci_low"]) < float(row["value"]) < float(row["ci_high"])


def test_a_table_cut_short_in_markdown_links_to_the_whole_one(written):
    folder, _, _ = written
    text = (folder / "report.md").read_text()
    ((rest, name, target),) = re.findall(r"(\d+) more rows: see \[(.+)\]\((.+)\)", text)
    assert name == target == "runs.csv"
    assert len(rows_of(folder, "runs")) == int(rest) + 60


def test_no_two_rows_of_the_runs_are_called_alike(written):
    rows = rows_of(written[0], "runs")
    names = {tuple(row[name] for name in ("method", "band", "condition", "seed", "task")) for row in rows}
    assert len(names) == len(rows) == 6 * 2 * 5 * 2  # bands, scalings, seeds, tasks
    assert {row["condition"] for row in rows} == {"fixed_alpha", "alpha_over_r"}


def test_the_learning_curves_data_are_the_steps_of_every_run(made, written):
    rows = rows_of(written[0], "curves")
    assert len(rows) == 6 * 2 * 5 * 60
    run = next(run for run in read_study(made).compared if run.record["choices"]["band"] == "00001")
    mine = [row for row in rows if (row["band"], row["method.scaling"], row["seed"])
            == ("00001", run.config["method.scaling"], str(run.seed))]  # fmt: skip
    assert [float(row["step"]) for row in mine] == [step["step"] for step in run.steps]
    assert [float(row["loss"]) for row in mine] == pytest.approx(
        [step["loss"] for step in run.steps], rel=1e-4
    )


def test_many_runs_are_shown_by_arm_within_a_hundred_columns(written):
    terminal = written[2]
    assert max(len(line.rstrip()) for line in terminal.splitlines() if "report: " not in line) <= 100
    assert "condition" in terminal
    table, _, sketch = terminal.partition("from the embedding")
    assert table.count("01110") == 4  # two tasks, two scalings
    assert sketch.count("01110") == 2  # two scalings


def test_a_table_that_is_no_longer_true_does_not_stay_and_others_files_do(tmp_path):
    make_runs(tmp_path / "runs", MadeStudy(bands=("whole",), seeds=(0,)))
    folder = tmp_path / "runs" / "report"
    failed = tmp_path / "runs" / "failed"
    failed.mkdir()
    (failed / "run.json").write_text(json.dumps({"status": "failed", "id": "failed", "error": "stopped"}))
    write_report(tmp_path / "runs")
    assert (folder / "left_out.csv").is_file()
    (folder / "notes.csv").write_text("mine")
    (failed / "run.json").unlink()
    failed.rmdir()
    write_report(tmp_path / "runs")
    assert not (folder / "left_out.csv").exists()
    assert (folder / "runs.csv").is_file() and (folder / "notes.csv").read_text() == "mine"
