"""What the sections say of a carrier and of triggers whose effects are known."""

import numpy
import pytest

from src.analysis.intervened import Intervened
from src.carrier.eraser.cells import Cell
from src.carrier.eraser.found import Erased
from src.carrier.eraser.tables import write_tables as write_triggers
from src.carrier.found import FitEnd, Found
from src.carrier.tables import write_tables
from src.report.carrier.plots import effect_plot, profile_plots
from src.report.carrier.section import sentences
from src.report.eraser.section import rates_plot, reversal_plot
from src.report.eraser.section import sentences as eraser_sentences

NOISE = numpy.random.default_rng(0).normal(0, 0.01, 40)
NOISE -= NOISE.mean()


def found(run, first):
    """Of 4 masks 2 are on; alone the carrier brings 0.9 of a gain of 2, without it 1.5 is lost."""
    on = numpy.isin(numpy.arange(4), (first, first + 1))
    active = {(block, half, "write"): on for block in (0, 1) for half in ("attention", "feed_forward")}
    end = FitEnd(baseline=1.0, budget=1.3, loss=1.2, price=0.5)
    scores = {"base": 0 * NOISE, "tuned": 2 + NOISE, "carrier": 1.8 + 2 * NOISE, "carrier rest": 0.5 + NOISE}
    scores |= {"random 0": 0.2 + NOISE, "random 0 rest": 1.8 - NOISE}
    return Found(run, 0.3, end, [], active, 0.25, {(0, "q_proj"): 0.25}, scores)


@pytest.fixture
def carrier(tmp_path):
    write_tables(tmp_path, [found("one", 0), found("two", 1)])
    return Intervened("made", tmp_path)


def test_sentences_tell_shares_of_the_gain_random_carriers_and_overlap(carrier):
    text = " ".join(sentences(carrier))
    assert "2 of 2 fits ended within it" in text and "25 %" in text
    assert "it brings 0.90 (" in text and "lost 0.75 (" in text
    assert "brings +1.600 (" in text and "+1.300 (" in text
    # Jaccard: 1 of 3; random 2 of 4: 1/6 x 1 + 4/6 x 1/3 + 1/6 x 0
    assert "overlap by 0.33 (Jaccard; pairs: 1)" in text
    assert "by 0.39" in text


def test_the_profile_is_the_share_of_masks_and_effects_stand_beside_random_ones(carrier):
    (plot,) = profile_plots(carrier).values()
    assert [list(one.y) for one in plot.series] == [[0.5, 0.5]] * 2
    random, own = effect_plot(carrier).series
    assert random.x == pytest.approx([0.2] * 2 + [0.2] * 2) and own.x == pytest.approx([1.8] * 2 + [1.5] * 2)


@pytest.fixture
def eraser(tmp_path):
    left = {"own": 0.2, "random": 0.6, "random vectors": 1.0, "unfitted vectors": 1.1}
    scores = {}
    for model, factor in (("carrier", 1.0), ("plain", 1.5)):
        scores[Cell(model, "none")] = {"kl": 4 + NOISE, "behaviour": numpy.ones(40)}
        for trigger, share in left.items():
            kept = share * factor if trigger == "own" else share
            scores[Cell(model, trigger)] = {
                "kl": 4 * kept + 2 * NOISE,
                "behaviour": numpy.ones(40) * (share > 0.5),
            }
    base = {"kl": 0 * NOISE, "behaviour": numpy.zeros(40)}
    write_triggers(tmp_path, [Erased("one", 0.1, base, scores, {})])
    return Intervened("made", tmp_path)


def test_sentences_tell_reversal_controls_and_the_interaction(eraser):
    against, plain, interaction = eraser_sentences(eraser)
    assert (
        "reverses 0.80 (" in against and "0.40 (" in against and "0.00 (" in against and "−0.10 (" in against
    )
    assert "reverses 0.70 (" in plain
    assert "bring +0.100 (" in interaction  # (0.6 - 0.2) - (0.6 - 0.3)


def test_cells_are_drawn_under_their_names(eraser):
    plot = reversal_plot(eraser)
    assert plot.y.names[:2] == ["carrier, own", "carrier, random"]
    assert plot.series[0].x[:2] == pytest.approx([0.8, 0.4])
    rates = rates_plot(eraser)
    assert rates.y.names[0] == "base" and rates.series[0].x[0] == 0
