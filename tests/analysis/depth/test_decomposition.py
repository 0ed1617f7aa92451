import numpy
import pytest

from src.analysis.depth.decomposition import decompose

CELL = ["model", "objective"]


@pytest.fixture
def runs(made_up):
    """Standard slope 2, of which equal steps take a part that is known: 0.5 at model a, 2.5 at model b."""
    noise = numpy.random.default_rng(0).normal(0, 0.01, (2, 2, 5))
    takes = {"a": 0.5, "b": 2.5}

    def slope(model, control, seed):
        at = ("ab".index(model), int(control == "equal_step"), seed)
        return 2.0 - takes[model] * (control == "equal_step") + noise[at]

    return made_up(slope, model=["a", "b"], control=["none", "equal_step"], seed=range(5)).assign(
        objective="causal_lm", wiring="sequential"
    )


def test_the_part_that_was_put_in_is_found(runs):
    found = decompose(runs, CELL).set_index("model")
    assert found["share_removed"].tolist() == pytest.approx([0.25, 1.25], abs=0.02)
    assert found["removed"].tolist() == pytest.approx([0.5, 2.5], abs=0.02)
    assert (found["share_removed_low"] < found["share_removed"]).all()
    assert found["share_kept"].tolist() == pytest.approx((1 - found["share_removed"]).tolist())
    assert found["share_kept_low"].tolist() == pytest.approx((1 - found["share_removed_high"]).tolist())
    assert (found["removed"] - found["standard"] + found["equal_step"]).abs().max() < 1e-12


def test_a_group_is_the_mean_of_its_cells(runs):
    found = decompose(runs, ["wiring"]).iloc[0]
    assert found["removed"] == pytest.approx(1.5, abs=0.02)
    assert (found["num_seeds"], found["num_cells"]) == (5, 2)
    assert found["share_removed"] == pytest.approx(0.75, abs=0.02)


def test_cells_without_a_control_do_not_enter(runs):
    half = runs[(runs["model"] == "a") | (runs["control"] == "none")]
    assert decompose(half, CELL)["model"].tolist() == ["a"]
    assert decompose(runs[runs["control"] == "none"], CELL).empty


def test_no_share_where_the_standard_slope_may_be_0(runs):
    flat = runs.assign(value=numpy.random.default_rng(1).normal(0, 1, len(runs)))
    found = decompose(flat, CELL)
    unsure = (found["standard_low"] < 0) & (found["standard_high"] > 0)
    assert unsure.any()
    assert found.loc[unsure, ["share_removed", "share_removed_low", "share_kept"]].isna().all().all()
    assert found.loc[unsure, "removed"].notna().all()
