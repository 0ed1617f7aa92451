import numpy
import pytest
from scipy.stats import beta

from src.analysis.depth.positive import count_positive, share


def test_the_published_count_has_the_interval_of_clopper_and_pearson():
    found = share(189, 190)
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(
        [beta.ppf(0.025, 189, 2), beta.ppf(0.975, 190, 1)]
    )
    assert (share(5, 5)["ci_high"], share(0, 5)["ci_low"]) == (1, 0)


def test_runs_and_cells_are_counted_apart(made_up):
    """One cell is negative at three seeds of five by little: its mean stays positive."""
    slopes = {("a", seed): 1.0 for seed in range(5)} | dict(
        zip([("b", seed) for seed in range(5)], [9, 9, -1, -1, -1], strict=True)
    )
    table = made_up(lambda model, seed: slopes[model, seed], model=["a", "b"], seed=range(5)).assign(
        metric="x"
    )
    found = count_positive(table, ["metric"], ["model"]).set_index("unit")
    assert found.loc["runs", ["num_positive", "num_units"]].tolist() == [7, 10]
    assert found.loc["cells", ["num_positive", "num_units"]].tolist() == [2, 2]


def test_zero_is_not_positive_and_missing_is_not_counted(made_up):
    table = made_up(lambda seed: [0.0, numpy.nan, 1.0][seed], seed=range(3)).assign(metric="x", model="a")
    found = count_positive(table, ["metric"], ["model"]).iloc[0]
    assert (found["num_positive"], found["num_units"]) == (1, 2)
