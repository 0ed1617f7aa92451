"""Profiles beside a random push: differences of made-up runs whose profiles are known."""

import numpy
import pytest

from src.analysis.beyond_push import beyond_push, beyond_push_of_all_tokens
from src.analysis.depth.null import AS_IT_IS, excess_over
from src.analysis.experiment import read_study
from src.analysis.material import Material
from src.analysis.runs import ALL, NO_MASSIVE, Run
from src.report.sections.beyond_push import build, pictures

EXCESS = excess_over("random_direction")


@pytest.fixture
def material(write_run, tmp_path):
    """Trained runs of both bands, and a push of the whole stack alone; profiles are straight lines."""
    for seed, more in enumerate((0.0, 0.1, 0.2)):
        write_run(1.0 + more, level=2.0 + more, seed=seed)
        write_run(0.4, level=1.0 + more, seed=seed, band="mid")
        write_run(0.5, level=1.0, control="random_direction", seed=seed)
    return Material(read_study(tmp_path / "study"))


def test_the_excess_by_layer_is_the_difference_of_the_profiles_over_their_means(material):
    layers = beyond_push(material).layers.query("metric == 'cka_debiased'")
    found = {name: one.sort_values("depth") for name, one in layers.groupby("reading")}
    depth = numpy.linspace(0, 1, 6)
    runs = numpy.stack([2 + more + (1 + more) * (depth - 0.5) for more in (0.0, 0.1, 0.2)])
    push = 1 + 0.5 * (depth - 0.5)
    excess = runs / runs[:, 1:].mean(axis=1, keepdims=True) - push / push[1:].mean()
    assert found[EXCESS]["value"].to_numpy() == pytest.approx(excess.mean(axis=0))
    assert found["random_direction"]["value"].to_numpy() == pytest.approx(push / push[1:].mean())
    told = found[AS_IT_IS]["value"].to_numpy() - found["random_direction"]["value"].to_numpy()
    assert told == pytest.approx(excess.mean(axis=0))
    reach = 4.302653 * excess.std(axis=0, ddof=1) / 3**0.5  # Student's t with two degrees of freedom
    told = (found[EXCESS]["ci_high"] - found[EXCESS]["value"]).to_numpy()
    varies = reach > 1e-12  # where all straight lines over their mean meet, nothing does
    assert varies.sum() == 5 and told[varies] == pytest.approx(reach[varies], rel=1e-4)


def test_an_arm_without_a_push_of_its_blocks_is_not_held_against_another(material):
    places = beyond_push(material).layers["place"].unique()
    assert [material.study.arms[place].band for place in places] == ["11111"]


def test_page_and_file_show_all_three_readings(material):
    chart, slopes = build(material)
    plot = chart.plots["procrustes_distance"]
    assert [one.dash for one in plot.series] == ["solid", "dash", "dot"]
    assert plot.caption == "1 of 1 arms have a push of their own: random direction"
    assert plot.y.title == "procrustes distance, over its mean"
    assert chart.plots["cka_debiased"].y.title.startswith("1 - ")
    assert {row["reading"] for row in slopes.rows} == {AS_IT_IS, "random_direction", EXCESS}
    absolute = [row for row in slopes.rows if row["quantity"] == "slope" and row["reading"] == EXCESS]
    assert [row["value"] for row in absolute] == pytest.approx([0.6, 0.6])
    assert set(pictures(material)) == {"procrustes_distance_beyond_push", "cka_debiased_beyond_push"}


def test_nothing_is_shown_without_a_push(write_run, tmp_path):
    write_run(1.0)
    material = Material(read_study(tmp_path / "study"))
    assert (build(material), pictures(material)) == ([], {})


def test_pushes_beside_two_runs_of_one_seed_are_both_kept(write_run, configure, tmp_path):
    """They differ in nothing but the run whose sizes they took."""
    for control, slope in (("none", 2.0), ("equal_step", 1.0)):
        source = write_run(slope, control=control)
        folder = write_run(slope / 2, control="random_direction", told={"source": source.name})
        configure(folder, control={"source": str(source)})
        folder.rename(folder.with_name(f"push-{control}"))
    study = read_study(tmp_path / "study")
    assert not study.left_out and sum(len(arm.runs) for arm in study.nulls) == 2
    slopes = beyond_push(Material(study)).slopes.query("metric == 'cka_debiased' and quantity == 'slope'")
    excess = slopes[slopes["reading"] == EXCESS]["value"]
    assert sorted(excess) == pytest.approx([0.5, 1.0])


def test_all_tokens_stand_beside_a_reading_that_leaves_some_out_and_not_beside_themselves(
    material, monkeypatch
):
    assert beyond_push_of_all_tokens(material).slopes.empty
    plain = beyond_push(material).slopes
    shown, read = [NO_MASSIVE, ALL], Run.layers_of
    monkeypatch.setattr(Run, "readings", property(lambda run: shown))
    twice = lambda run, name: (  # noqa: E731
        read(run, ALL) if name == ALL else read(run, ALL).assign(value=2 * read(run, ALL)["value"])
    )
    monkeypatch.setattr(Run, "layers_of", twice)
    again = Material(material.study)
    keys = ["place", "metric", "quantity", "reading"]
    sides = [
        one.set_index(keys)["value"].sort_index() for one in (plain, beyond_push_of_all_tokens(again).slopes)
    ]
    assert sides[0].to_numpy() == pytest.approx(sides[1].to_numpy())
    doubled = beyond_push(again).slopes.set_index(keys)["value"].sort_index()
    amounts = [key for key in doubled.index if key[1] == "procrustes_distance" and key[2] == "slope"]
    assert amounts and doubled[amounts].to_numpy() == pytest.approx(2 * sides[0][amounts].to_numpy())
