"""Whether two tasks' gain sits at one place: the committed correlation is that of their committed profiles."""

from pathlib import Path

import pandas
import pytest

from src.statistics.profile_correlation import profile_correlation

CAUSAL = Path(__file__).resolve().parents[2] / "sweeps" / "results" / "causal_profile"


def path_shares(name):
    """Mean shares over seeds and items, block by block."""
    table = pandas.read_csv(CAUSAL / name / "profile.csv").query("score == 'logp' and kind == 'path'")
    blocks = table[table["player"].str.fullmatch(r"block \d+")]
    return blocks.set_index(blocks["player"].str.split().str[1].astype(int))["value"].sort_index()


def test_the_correlation_of_two_tasks_is_that_of_their_path_shares():
    first, second = path_shares("standard"), path_shares("spelling")
    assert list(first.index) == list(second.index) == list(range(30))
    found = profile_correlation(first.to_numpy(), second.to_numpy())
    (told,) = pandas.read_csv(CAUSAL / "spelling" / "two_tasks.csv").to_dict("records")
    for name in ("rho", "low", "high", "effective_n"):
        assert told[name] == pytest.approx(getattr(found, name), abs=1e-9), name
