"""What the section says of a profile with known shares."""

import math

import numpy
import pytest

from src.analysis.causal_profile import CausalProfile
from src.intervene.causal.fifths import FifthContrast, fifth_contrasts
from src.intervene.causal.hybrids import Hybrid
from src.intervene.causal.measure import Found
from src.intervene.causal.predictors import predictions, profiles
from src.intervene.causal.redrawn import redrawn
from src.intervene.causal.show import write_hybrids, write_predictions, write_readings, write_summaries
from src.intervene.causal.summary import differences, summaries
from src.intervene.quantity import Quantity, write_quantities
from src.report.causal.plots import difference_plot, predictor_plots, profile_plot
from src.report.causal.section import sentences
from src.report.plugins import page_of
from src.storage.csv_file import write_csv
from src.storage.files import write_json

BLOCKS = list(range(2, 10))
GAIN = {block: 0.1 * (block - 1) for block in BLOCKS}
CHOSEN = {"random": 1.0, "best by alone": 2.0, "weight_change": 1.5}


@pytest.fixture
def folder(tmp_path):
    """Ten blocks, eight of them trained; each brings the same alone, beside the others and as its share."""
    draw = numpy.random.default_rng(0)
    around = draw.normal(0, 0.02, (3, 40))
    around -= around.mean()

    def quantity(kind, player, mean, score="logp"):
        return Quantity(score, kind, player, mean + around * (1 + draw.random()))

    rows = [quantity("gain", "all", sum(GAIN.values()))]
    rows += [quantity(kind, f"block {b}", GAIN[b]) for kind in ("alone", "left_out", "path") for b in BLOCKS]
    rows += [quantity("slope_at_base", f"block {b}", -GAIN[b]) for b in BLOCKS]
    for first in range(0, 10, 2):
        share = GAIN.get(first, 0) + GAIN.get(first + 1, 0)
        rows.append(quantity("shapley", f"blocks {first}-{first + 1}", share))
    rows += [quantity("gain", "all", 0.5, "english")]
    rows += [quantity("path", f"block {b}", 0.5 / len(BLOCKS), "english") for b in BLOCKS]
    rows += [quantity("chosen", player, mean) for player, mean in CHOSEN.items()]
    write_quantities(tmp_path / "profile.csv", rows)
    write_summaries(tmp_path / "summary.csv", [*summaries(rows, 10), *differences(rows, 10)])
    seen = {"weight_change": numpy.arange(10.0), "flat": numpy.ones(10)}
    sides = profiles(rows, seen, BLOCKS)
    known = redrawn(rows, [seen] * 3, BLOCKS)
    write_predictions(tmp_path, predictions(rows, sides, BLOCKS, known), sides, BLOCKS)
    contrasted = fifth_contrasts(rows, sides, BLOCKS)
    write_csv(tmp_path / "fifths.csv", FifthContrast._fields, contrasted)
    ends = [Hybrid("none", -4.0, 1.0, 0.3, 0.0, False), Hybrid("2-9", -0.4, 0.5, 0.0, 0.4, False)]
    told = [("one", Found("logp", rows, 0.93, 0.0, [*ends, Hybrid("2", -5.0, 3.25, 1.0, 1.0, True)]))]
    write_readings(tmp_path / "readings.csv", told)
    write_hybrids(tmp_path / "hybrids.csv", told)
    about = {"runs": ["one"], "num_blocks": 10, "trained": BLOCKS}
    write_json(tmp_path / "about.json", about)
    return tmp_path


def test_sentences_tell_gain_middle_and_additivity(folder):
    text = " ".join(sentences(CausalProfile("made", folder)))
    assert "raises the right answers by 3.600 nats a token" in text
    assert "over 3 seeds and 40 items" in text
    assert f"have {(3.6 - GAIN[8] - GAIN[9]) / 3.6:.2f} (" in text
    assert "93 %" in text and "the parts add up" in text
    assert "costs English 0.500 nats a byte" in text
    assert "1 of 3 variants do worse than base and tuned model both" in text
    assert "an entropy of 3.25 nats a token, base and tuned at most 1.00" in text
    assert "minus that of forgetting is" in text


def test_trained_blocks_are_drawn_with_their_band_and_the_others_are_gaps(folder):
    plot = profile_plot(CausalProfile("made", folder), "logp")
    assert "lost without this block" in [one.name for one in plot.series]
    forgotten = profile_plot(CausalProfile("made", folder), "english")
    assert "lost without this block" not in [one.name for one in forgotten.series]
    assert [list(one.x) for one in plot.series] == [BLOCKS] * 3
    assert plot.strips[0].spans == [(1.5, 9.5)]
    assert plot.series[0].y == pytest.approx(list(GAIN.values()))
    assert all(
        low < y < high for one in plot.series for low, y, high in zip(one.low, one.y, one.high, strict=True)
    )


def test_a_profile_that_grows_with_the_gain_has_rho_one_and_a_constant_one_none(folder):
    profile = CausalProfile("made", folder)
    found = profile.predictions.set_index(["predictor", "target"])["rho"]
    for target in ("alone", "left_out", "path"):
        assert found["weight_change", target] == pytest.approx(1)
        assert found["slope_at_base", target] == pytest.approx(-1)
        assert math.isnan(found["flat", target])
    plots = predictor_plots(profile)
    assert plots["weight_change"].caption.startswith("rho +1.00")
    assert "regret 0.5" in plots["weight_change"].caption
    assert "no correlation" in plots["flat"].caption
    assert list(plots["weight_change"].series[0].x) == BLOCKS


def test_where_the_gain_sits_and_where_forgetting_does_are_drawn_apart(folder):
    (line,) = difference_plot(CausalProfile("made", folder)).series
    assert list(line.x) == BLOCKS
    assert line.y == pytest.approx([share / 3.6 - 1 / 8 for share in GAIN.values()], abs=1e-6)


def test_the_page_is_one_file_with_its_picture(folder):
    page = page_of("causal")(folder, "made")
    text = page.read_text()
    assert "Where the gain sits" in text and "causal_logp_made" in text
    assert (folder / "logp.png").stat().st_size > 10_000
