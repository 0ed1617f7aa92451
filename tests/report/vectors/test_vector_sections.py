"""What the sections say of made tables: shares that are known."""

import numpy
import pytest

from src.analysis.intervened import find_intervened
from src.analysis.lens_tables import LensTables
from src.analysis.vector_tables import VectorTables
from src.intervene.causal.summary import Summary
from src.intervene.quantity import quantity, write_quantities
from src.report.lens.section import blocks as lens_blocks
from src.report.lens.section import plots as lens_plots
from src.report.parts import Chart, Text
from src.report.vectors.section import blocks, plots
from src.storage.csv_file import write_csv
from src.storage.files import write_json

ABOUT = {"runs": ["one"], "num_blocks": 3, "words": ["It brings half of the gain."], "form": "sound"}
NAN = float("nan")


@pytest.fixture
def folder(tmp_path):
    """Three blocks, two sizes; both actions of steering at three ranks."""

    def make(analysis):
        shares = {f"patched: block {b}, alpha {a}": 0.1 * b * a for b in range(3) for a in (1, 2)}
        if analysis == "steer":
            actions = ("best_fixed", "best_oracle", "best_random")
            shares = {f"{one}: rank {k}": 0.2 for one in actions for k in ("1", "8", "all")}
            shares |= {
                f"{one}: block {b}, rank all": 0.1 * b for one in ("fixed", "oracle") for b in range(3)
            }
        out = tmp_path / "run" / "intervene" / analysis
        rows = [Summary("logp", name, share, NAN, NAN) for name, share in shares.items()]
        write_csv(out / "summary.csv", Summary._fields, rows)
        write_quantities(out / "quantities.csv", [quantity("logp", "gain", "all", numpy.arange(4.0))])
        write_json(out / "about.json", ABOUT)
        return out

    return make


def test_shares_by_block_are_drawn_a_line_a_size(folder):
    tables = VectorTables("run", folder("patch"))
    (plot,) = plots("patch", tables).values()
    assert [one.name for one in plot.series] == ["alpha 1", "alpha 2"]
    assert list(plot.series[1].x) == [0, 1, 2]
    assert list(plot.series[1].y) == pytest.approx([0, 0.2, 0.4])
    text, chart, *_ = blocks("patch", tables)
    assert isinstance(text, Text) and "It brings half of the gain." in text.lines
    assert isinstance(chart, Chart)


def test_shares_by_rank_stand_in_the_order_of_ranks(folder):
    found = plots("steer", VectorTables("run", folder("steer")))
    assert list(found["by_rank"].x.names) == ["1", "8", "all"]
    assert all(list(one.x) == [0, 1, 2] for one in found["by_rank"].series)
    assert list(found["by_block"].series[0].y) == pytest.approx([0, 0.1, 0.2])


def test_tables_of_runs_are_found_and_those_of_all_runs_go_first(folder, tmp_path):
    out = folder("patch")
    assert [one.name for one in find_intervened(tmp_path, [tmp_path / "run"], "patch", VectorTables)] == [
        "run"
    ]
    assert not list(find_intervened(tmp_path, [tmp_path / "run"], "steer", VectorTables))
    whole = tmp_path / "intervene" / "patch"
    whole.parent.mkdir()
    out.rename(whole)
    assert [one.name for one in find_intervened(tmp_path, [tmp_path / "run"], "patch", VectorTables)] == [
        tmp_path.name
    ]


def test_the_lens_draws_its_questions_and_shows_tokens_as_they_are(tmp_path):
    metrics = (
        "lens_pair_agreement",
        "lens_pair_js",
        "lens_answer_logp",
        "early_exit_accuracy",
        "ridge_exit_accuracy",
    )
    header = ("metric", "side", "layer", "value", "stderr", "ci_low", "ci_high", "num_seeds", "num_items")
    sides = ("base", "tuned", "change", "base_map")
    write_csv(tmp_path / "profile.csv", header, [
        (metric, side, layer, 0.1 * layer, 0.1, 0, 1, 1, 9) for metric in metrics for side in sides for layer in range(3)
    ])  # fmt: skip
    write_csv(
        tmp_path / "emergence.csv", ("side", "median", "low", "high", "num_items"), [("base", 2, 1, 2, 9)]
    )
    header = ("item", "side", "layer", "token", "probability")
    write_csv(tmp_path / "examples.csv", header, [("a", "base", 0, " NA", 0.5), ("a", "base", 1, "NA", 0.7)])
    write_json(tmp_path / "about.json", ABOUT)
    tables = LensTables("run", tmp_path)
    assert {len(plot.series) for plot in lens_plots(tables).values()} == {1, 2, 5}
    examples = lens_blocks(tables)[-1]
    token = next(column for column in examples.columns if column.keys == ("token",))
    assert [token.shown(row) for row in examples.rows] == ["' NA'", "'NA'"]
