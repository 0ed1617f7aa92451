"""Published features of depth by reading of the states, from made-up runs whose profiles are known."""

import math
from dataclasses import replace

import matplotlib.image
import pytest

from src.analysis.depth.features import feature_rows
from src.analysis.experiment import read_study
from src.analysis.material import Material
from src.probe.table.layers_csv import read_layers, write_layers
from src.report.depth import features
from src.report.png_figure import draw
from src.report.sections.layer_profiles import profile_plots


@pytest.fixture
def material(write_run, configure):
    """Three trained runs and three pushes; with all tokens their middle is lower."""

    def beside(folder, dip):
        rows = read_layers(folder / "layers.csv")
        write_layers(folder / "layers-no_massive.csv", rows)
        low = [row.metric == "procrustes_distance" and row.layer in (3, 4) for row in rows]
        rows = [
            replace(row, value=row.value * dip) if lower else row
            for row, lower in zip(rows, low, strict=True)
        ]
        write_layers(folder / "layers.csv", rows)

    for seed in range(3):
        for control, dip in (("none", 0.25), ("random_direction", 0.5)):
            folder = write_run(0.0, control=control, seed=seed, level=1 + seed)
            configure(folder, data={"seed": seed})
            beside(folder, dip * (1 + 0.01 * seed))
    return Material(read_study(folder.parent))


def test_a_feature_with_and_without_and_beyond_the_null(material):
    rows = {(row["feature"], row["reading"], row["side"]): row for row in feature_rows(material)}
    dips = [-math.log(0.25 * (1 + 0.01 * seed)) for seed in range(3)]
    found = rows["dip", "all", "trained"]
    assert found["value"] == pytest.approx(sum(dips) / 3)
    assert found["ci_low"] < found["value"] < found["ci_high"]
    assert (found["verdict"], found["num_seeds"]) == ("there", 3)
    assert rows["dip", "all", "push"]["value"] == pytest.approx(sum(dips) / 3 - math.log(2))
    excess = rows["dip", "all", "excess"]
    assert excess["value"] == excess["ci_low"] == pytest.approx(math.log(2))  # the same of every seed
    assert excess["verdict"] == "undecided"  # nothing was seen to vary
    assert rows["dip", "no_massive", "trained"]["value"] == pytest.approx(0, abs=1e-12)
    assert rows["dip", "no_massive", "push"]["verdict"] == "undecided"
    assert rows["rise", "all", "trained"]["num_seeds"] == 0  # nobody measured the shift
    assert "value" not in rows["rise", "all", "trained"]


def test_readings_are_drawn_side_by_side_and_named(material, tmp_path):
    (name, plot), *others = features.pictures(material).items()
    assert (name, others) == ("readings_tiny_gpt2_english", [])
    assert [plot.caption, *(one.caption for one in plot.beside)] == ["all tokens", "without massive tokens"]
    assert {one.name for one in plot.series} == {"random push, no training (3 seeds)", "trained (3 seeds)"}
    height, width = matplotlib.image.imread(draw(plot, tmp_path / "a.png")).shape[:2]
    assert width > 1.5 * height


def test_the_profile_is_shown_without_massive_tokens_and_says_so(material):
    plot = profile_plots(material)["procrustes_distance"]
    assert plot.caption.endswith("without massive tokens; dotted: all tokens")
    dotted = [one for one in plot.series if one.dash == "dot"]
    assert dotted and all(one.name.endswith(", all tokens") for one in dotted)
    assert len(dotted) == len(plot.series) / 2
    assert all(one.y[3] < one.y[2] for one in dotted)


def test_a_push_of_a_run_s_own_size_is_its_null_alone(write_run, configure):
    """Two objectives in two seeds, each run with a push of its own spectrum."""

    def write(dip, objective="causal_lm", seed=0, **changes):
        folder = write_run(0.0, objective=objective, seed=seed, **changes)
        more = {"kind": "random_direction", "spectrum": True} if "told" in changes else {}
        configure(folder, data={"seed": seed}, control=more)
        rows = [
            replace(row, value=row.value * (dip if row.layer in (3, 4) else 1))
            for row in read_layers(folder / "layers.csv")
            if row.metric == "procrustes_distance"
        ]
        for name in ("layers.csv", "layers-no_massive.csv"):
            write_layers(folder / name, rows)
        return folder

    for objective, dip in (("causal_lm", 0.5), ("simcse", 0.25)):
        for seed in (0, 1):
            folder = write(0.2, objective, seed)
            write(dip, objective, seed, control="random_spectrum", told={"source": folder.name})
    material = Material(read_study(folder.parent))
    rows = {(row["others"], row["feature"], row["side"]): row for row in feature_rows(material)}
    assert {others for others, *_ in rows} == {"causal_lm", "simcse"}
    for objective, dip in (("causal_lm", 0.5), ("simcse", 0.25)):
        push = rows[objective, "dip", "push"]
        assert (push["value"], push["num_seeds"]) == (pytest.approx(-math.log(dip)), 2)
    assert set(features.pictures(material)) == {
        "readings_tiny_gpt2_english_causal_lm", "readings_tiny_gpt2_english_simcse",
    }  # fmt: skip
