"""Committed causal profiles are those of their committed items: every quantity, its interval, and the summaries."""

import json
import math
import re
from pathlib import Path

import pandas
import pytest

from src.intervene.causal.hybrids import hybrids
from src.intervene.causal.profile import path_quantities, profile_additivity, quantities
from src.intervene.causal.summary import differences, summaries
from src.intervene.engine.item_table import ItemTable, read_arrays
from src.intervene.quantity import over_seeds, write_quantities
from tests.intervene.conftest import kept_gates

CAUSAL = Path(__file__).resolve().parents[2] / "sweeps" / "results" / "causal_profile"
FOLDERS = sorted(path.parent.name for path in CAUSAL.glob("*/path-seed-0.npz"))
MADE_OTHERWISE = ("chosen",)
"""Kinds whose players are chosen by what the runs themselves observed, which is not among the items."""


def of_seed(folder, prefix, seed, score):
    table = ItemTable.read(folder / f"{prefix}items-seed-{seed}.npz")
    gates, path = kept_gates(table), read_arrays(folder / f"{prefix}path-seed-{seed}.npz")
    rows = [*quantities(gates, table, score), *path_quantities(gates, path, score)]
    change = rows[0].values.mean()
    residual = (path["share"].sum(axis=1).mean() - change) / change
    return rows, profile_additivity(gates, table, score), residual


@pytest.fixture(scope="module", params=FOLDERS)
def rebuilt(request):
    """A folder with its rows and what is told of each run, made of its items."""
    folder = CAUSAL / request.param
    scores = [("", "logp"), *([("english-", "english")] if list(folder.glob("english-items-*")) else [])]
    seeds = sorted(path.stem.split("-")[-1] for path in folder.glob("items-seed-*.npz"))
    found = {
        (score, seed): of_seed(folder, prefix, seed, score) for prefix, score in scores for seed in seeds
    }
    runs = [[row for _, score in scores for row in found[score, seed][0]] for seed in seeds]
    told = [(score, *found[score, seed][1:]) for seed in seeds for _, score in scores]
    return folder, over_seeds(runs), told


def test_there_are_folders_with_items():
    assert {"standard", "equal_step", "spelling"} <= set(FOLDERS)


def test_the_profile_is_that_of_the_items(rebuilt, tmp_path):
    folder, rows, _ = rebuilt
    write_quantities(tmp_path / "profile.csv", rows)
    kept = pandas.read_csv(folder / "profile.csv")
    kept = kept[~kept["kind"].isin(MADE_OTHERWISE)].reset_index(drop=True)
    pandas.testing.assert_frame_equal(pandas.read_csv(tmp_path / "profile.csv"), kept, rtol=1e-7)


def test_the_summary_is_that_of_the_items(rebuilt):
    folder, rows, _ = rebuilt
    num_blocks = json.loads((folder / "about.json").read_text())["num_blocks"]
    found = [*summaries(rows, num_blocks), *differences(rows, num_blocks)]
    kept = pandas.read_csv(folder / "summary.csv")
    names = {(one.score, one.name): one for one in found}
    assert len(kept) >= 7
    for one in kept.to_dict("records"):
        mine = names[one["score"], one["name"]]
        for end in ("value", "low", "high"):
            assert getattr(mine, end) == pytest.approx(one[end], rel=1e-7, nan_ok=math.isnan(one[end]))


def test_what_is_told_of_each_run_is_of_its_items(rebuilt):
    folder, _, told = rebuilt
    kept = pandas.read_csv(folder / "readings.csv")
    assert kept["score"].tolist() == [one[0] for one in told]
    assert kept["additivity"].tolist() == pytest.approx([one[1] for one in told])
    assert kept["residual"].tolist() == pytest.approx([one[2] for one in told], abs=1e-9)


def test_what_each_variant_is_like_is_of_the_items(rebuilt):
    """Also which of them do worse than both ends, and how many that are."""
    folder, _, _ = rebuilt
    if not (folder / "hybrids.csv").is_file():
        pytest.skip("a profile of before variants were told one by one")
    kept, told = pandas.read_csv(folder / "hybrids.csv"), pandas.read_csv(folder / "readings.csv")
    for place, ((run, score), mine) in enumerate(kept.groupby(["run", "score"], sort=False)):
        seed = re.search(r"-s(\d+)-", run)[1]
        table = ItemTable.read(folder / f"{'' if score == 'logp' else score + '-'}items-seed-{seed}.npz")
        found = pandas.DataFrame(hybrids(kept_gates(table), table, score))
        names = list(found.columns)
        pandas.testing.assert_frame_equal(found, mine[names].reset_index(drop=True), rtol=1e-7)
        assert told["num_off"][place] == found["below_both"].sum()
