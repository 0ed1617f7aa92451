"""A carrier of a tiny run: its tables agree with each other, it is not fitted twice, and the update stays."""

import csv

import numpy
import pytest

from src.analysis.intervened import folders_of
from src.carrier import study
from src.carrier.overlap import expected_jaccard
from src.results.rebuilt_tables import rebuild_kept
from tests.intervene.conftest import command

QUICK = ("intervention.max_steps=12", "intervention.warmup_steps=4", "intervention.num_random=3",
         "intervention.price=0.5")  # fmt: skip


def rows_of(path):
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.mark.parametrize("method", ["lora", "full"])
def test_the_carrier_of_a_run(run_folder, monkeypatch, capsys, method):
    folder = run_folder("train.max_steps=20", "train.learning_rate=0.02", f"method={method}")
    command(monkeypatch, "carrier", folder, *QUICK)
    tables = folder / "intervene" / "carrier"
    (fit,) = rows_of(tables / "fits.csv")
    told = {row["kind"]: row for row in rows_of(tables / "carrier.csv")}
    assert float(fit["sufficiency"]) == pytest.approx(float(told["sufficiency"]["value"]))
    over = float(fit["necessity"]) - float(fit["random_necessity"])
    assert over == pytest.approx(float(told["necessity_over_random"]["value"]), abs=1e-9)
    draws = [row for row in rows_of(tables / "random.csv") if row["carrier"] != "carrier"]
    assert len(draws) == 3
    mean = numpy.mean([float(row["sufficiency"]) for row in draws])
    assert mean == pytest.approx(float(fit["random_sufficiency"]))
    profile = rows_of(tables / "profile.csv")
    assert {row["block"] for row in profile} == set("01234")
    active = [float(row["share"]) for row in profile if row["measure"] == "active"]
    assert 0 < numpy.mean(active) <= 1 and int(fit["active"]) < int(fit["masks"])
    rebuild_kept(tables, folder / "again")
    again = {path.name: path.read_bytes() for path in (folder / "again").iterdir()}
    assert len(again) == 7 and again == {name: (tables / name).read_bytes() for name in again}
    (kept,) = (folder / "intervene" / "fits").glob("*/fit.json")
    written = kept.stat().st_mtime_ns
    command(monkeypatch, "carrier", folder, *QUICK)
    assert kept.stat().st_mtime_ns == written
    assert "budget" in capsys.readouterr().out


def test_an_update_that_trains_on_under_its_masks_is_put_back(run_folder, monkeypatch):
    folder = run_folder("train.max_steps=20", "train.learning_rate=0.02")
    before = {path.name: path.read_bytes() for path in (folder / "adapter").iterdir()}
    quick = [*QUICK, "intervention.max_steps=6", "intervention.warmup_steps=2", "intervention.accumulation=1"]
    joint = (
        *quick,
        "intervention.weight_rate=1e-3",
        "intervention.rhos=[0.1,0.3]",
        "intervention.num_random=1",
    )
    command(monkeypatch, "carrier_published", folder, *joint)
    tables = folder / "intervene/carrier_published"
    assert not (folder / "intervene/carrier").exists()  # the sound form is not written over
    assert [name for _, name in folders_of(folder.parent, [folder], "carrier", "summary.csv")] == [
        f"{folder.name}-published"
    ]
    gains = [row for row in rows_of(tables / "carrier.csv") if row["kind"] == "gain"]
    assert len(gains) == 2  # of the update as it trained on, once for each budget
    assert before == {path.name: path.read_bytes() for path in (folder / "adapter").iterdir()}


@pytest.mark.parametrize(("overrides", "reason"), [
    (("intervention.warmup_steps=300",), "less than max_steps"),
    (("intervention.rhos=[]",), "a list of numbers"),
    (("intervention.price=20",), "between least_price and largest_price"),
])  # fmt: skip
def test_settings_that_fit_nothing_are_refused_in_one_line(tmp_path, monkeypatch, capsys, overrides, reason):
    with pytest.raises(SystemExit) as stopped:
        command(monkeypatch, "carrier", tmp_path, *overrides)
    error = capsys.readouterr().err
    assert stopped.value.code == 2 and reason in error and error.count("\n") == 1


def test_two_random_sets_overlap_as_drawing_them_says():
    draw = numpy.random.default_rng(0)
    found = []
    for _ in range(4000):
        one, other = (set(draw.choice(20, size, replace=False)) for size in (6, 9))
        found.append(len(one & other) / len(one | other))
    error = numpy.std(found) / len(found) ** 0.5
    assert expected_jaccard(20, 6, 9) == pytest.approx(numpy.mean(found), abs=4 * error)


def test_a_line_of_code_elsewhere_moves_no_draw(run_folder, monkeypatch):
    """What was fitted by other code is not taken for today's; its masks are drawn as before all the same."""
    folder = run_folder("train.max_steps=20", "train.learning_rate=0.02")
    tables = folder / "intervene" / "carrier"
    command(monkeypatch, "carrier", folder, *QUICK)
    before = (tables / "fits.csv").read_bytes()
    monkeypatch.setattr(study, "code_fingerprint", lambda *rooms: "other code")
    command(monkeypatch, "carrier", folder, *QUICK)
    assert (tables / "fits.csv").read_bytes() == before
    assert len(list((folder / "intervene" / "fits").iterdir())) == 2
