"""Pages and sentences of swapped and merged segments with known numbers."""

import numpy
import pytest

from src.analysis.intervened import Intervened
from src.intervene.paper_scores import PaperScore
from src.intervene.quantity import Quantity, write_quantities
from src.report.frontier import frontier_blocks, plane, sentences
from src.report.plotly_figure import plotly_figure
from src.report.plugins import page_of
from src.report.segments import swap
from src.report.segments.merge import frontier_of
from src.statistics.frontier import Point, frontier
from src.statistics.matched import Tradeoff
from src.storage.csv_file import write_csv
from src.storage.files import write_json

DRAW = numpy.random.default_rng(0)


def quantity(kind, player, mean, score="logp"):
    return Quantity(score, kind, player, mean + 0.1 * DRAW.normal(size=(3, 30)))


@pytest.fixture
def folder(tmp_path):
    write_json(
        tmp_path / "about.json",
        {"runs": ["a", "b", "c"], "num_blocks": 10, "trained": []},
    )
    return tmp_path


@pytest.fixture
def points():
    gain, loss = 2 + 0.1 * DRAW.normal(size=(3, 30)), 1 + 0.1 * DRAW.normal(size=(3, 20))
    curve = {share: Tradeoff(share * gain, -share * loss) for share in (0.0, 0.5, 1.0)}
    noise = 0.01 * DRAW.normal(size=(3, 20))
    return frontier("uniform", curve, {
        "0,1,1,1,0": Tradeoff(0.7 * gain, -0.5 * loss + noise),
        "line from 0": Tradeoff(0.7 * gain, -0.9 * loss + noise),
        "searched": Tradeoff(1.2 * gain, -loss),
    })  # fmt: skip


def test_the_inverted_u_is_a_contrast_with_its_verdict(folder):
    rows = [quantity("gain", "all", 1.0)]
    kind = "tuned into base, own head"
    rows += [quantity(kind, f"blocks {2 * n}-{2 * n + 1}", value) for n, value in enumerate((0, 1, 1, 1, 0))]
    rows += [quantity(f"contrast, {kind}", "inner segments against the two outer ones", 1.0)]
    write_quantities(folder / "swap.csv", rows)
    paper = [PaperScore("a", "original", "no swap", 0.5, 9.0, 50)]
    write_csv(folder / "swap_paper.csv", PaperScore._fields, paper)
    found = Intervened("made", folder).table("swap")
    text = " ".join(swap.sentences(found))
    assert "The inner ones carry more, as the published inverted U has it." in text
    assert "edges hurt" in text  # what was published, as data
    assert page_of("swap")(folder, "made").read_text().count("inverted U") >= 1
    assert len(list(folder.glob("swap_made-*.png"))) == 1


def test_only_what_beats_the_curve_at_equal_gain_is_called_better(points):
    (told, beyond) = sentences(frontier_of("made", _frame(points)))
    assert told.startswith(
        "Keeps more than the uniform share of equal gain: 0,1,1,1,0. Keeps less: line from 0."
    )
    assert beyond.endswith("not compared: searched.")


def test_points_of_the_plane_have_bars_along_both_axes(points):
    found = plane(frontier_of("made", _frame(points)))
    traces = {one["name"]: one for one in plotly_figure(found)["data"] if "error_x" in one}
    assert {name: len(one["x"]) for name, one in traces.items()} == {
        "keeps more at an equal gain": 1,
        "other settings": 2,
    }
    drawn, point = traces["keeps more at an equal gain"], points[3]
    assert drawn["error_x"]["array"] == pytest.approx([point.gained_high - point.gained], rel=1e-3)
    assert drawn["error_y"]["array"] == pytest.approx([point.kept_high - point.kept], rel=1e-3)
    charts = [block.name for block in frontier_blocks(frontier_of("made", _frame(points)))[1:]]
    assert charts == ["frontier_made", "frontier_more_made", "frontier_made"]


def test_the_page_of_a_merge_has_curves_frontier_and_what_was_found(folder, points):
    kind = "curve, others tuned"
    rows = [
        quantity(kind, f"blocks {n}-{n} at {share:g}", share * n)
        for n in range(3)
        for share in (0.0, 0.5, 1.0)
    ]
    write_quantities(folder / "merge.csv", rows)
    write_csv(folder / "merge_frontier.csv", Point._fields, points)
    write_csv(folder / "merge_searched.csv", ("run", "shares"), [("a", "0,1,1")])
    text = page_of("merge")(folder, "made").read_text()
    assert "the search on rows of its own found shares 0,1,1" in text
    assert "Keeps more than the uniform share" in text
    assert len(list(folder.glob("*.png"))) == 3


def _frame(points):
    import pandas

    return pandas.DataFrame([one._asdict() for one in points])
