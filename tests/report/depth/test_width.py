import numpy
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from src.report.depth.width import explained, variance_components, width_shares


@pytest.fixture
def sample():
    rng = numpy.random.default_rng(0)
    groups = numpy.repeat(list("abcd"), [9, 12, 6, 10])
    return rng.normal(size=len(groups)) + (groups == "a") * 1.5, groups


def test_eta_squared_is_that_of_the_analysis_of_variance(sample):
    values, groups = sample
    table = anova_lm(ols("v ~ C(g)", {"v": values, "g": groups}).fit())
    square = table["sum_sq"]
    noise = square["Residual"] / table["df"]["Residual"]
    found = explained(values, groups)
    assert found.eta_squared == pytest.approx(square["C(g)"] / square.sum())
    assert found.omega_squared == pytest.approx((square["C(g)"] - 3 * noise) / (square.sum() + noise))


def test_the_ends_are_where_the_noncentral_f_puts_them(sample):
    values, groups = sample
    found = explained(values, groups)
    statistic = stats.f_oneway(*[values[groups == g] for g in "abcd"]).statistic
    for end, level in ((found.low, 0.975), (found.high, 0.025)):
        shift = found.n * end / (1 - end)
        assert stats.ncf.cdf(statistic, 3, found.n - 4, shift) == pytest.approx(level, abs=1e-4)


def test_it_covers_the_true_share_as_often_as_it_says():
    rng = numpy.random.default_rng(1)
    groups = numpy.repeat(numpy.arange(4), 10)
    level = numpy.array([0.0, 0.5, 1.0, 1.5])[groups]
    truth = level.var() / (level.var() + 1)
    found = [explained(level + rng.normal(size=40), groups) for _ in range(1000)]
    assert numpy.mean([one.low <= truth <= one.high for one in found]) == pytest.approx(0.95, abs=0.025)


def test_chance_alone_has_an_omega_of_0_and_a_low_end_at_0():
    rng = numpy.random.default_rng(2)
    groups = numpy.repeat(numpy.arange(8), 5)
    found = [explained(rng.normal(size=40), groups) for _ in range(400)]
    assert numpy.mean([one.omega_squared for one in found]) == pytest.approx(0, abs=0.02)
    assert numpy.mean([one.eta_squared for one in found]) > 0.15
    assert numpy.mean([one.low == 0 for one in found]) == pytest.approx(0.975, abs=0.02)


def test_scale_shift_and_names_do_not_matter(sample):
    values, groups = sample
    renamed = numpy.char.add("x", groups)
    assert explained(7 - 3 * values, renamed) == pytest.approx(explained(values, groups))


def test_edges(sample):
    values, _ = sample
    assert explained(numpy.array([1.0, 1, 2, 2]), numpy.array(list("aabb")))[:3] == (1, 1, 1)
    for groups in (numpy.zeros(len(values)), numpy.arange(len(values))):
        assert numpy.isnan(explained(values, groups).eta_squared)
    assert numpy.isnan(explained(numpy.ones(4), numpy.array(list("aabb"))).eta_squared)


def grid(made_up, arch, cell, noise):
    rng = numpy.random.default_rng(3)
    archs, cells = rng.normal(0, arch, 30), rng.normal(0, cell, (30, 4))
    return made_up(
        lambda model, objective, seed: archs[model] + cells[model, objective] + rng.normal(0, noise),
        model=range(30), objective=range(4), seed=range(5),
    ).assign(architecture=lambda x: x["model"], metric="x")  # fmt: skip


def test_repeating_seeds_adds_no_units(made_up):
    table = grid(made_up, 3, 1, 0.1)
    found = width_shares(table, ["metric"], ["architecture", "objective"]).set_index("explained_by")
    assert found.loc["architecture", "n"] == 120
    assert found.loc["architecture", "eta_squared"] > 0.8
    assert found.loc["objective", "omega_squared"] == pytest.approx(0, abs=0.05)


def test_variance_components_find_the_variances_that_were_put_in(made_up):
    found = variance_components(grid(made_up, 3.0, 2.0, 1.0), "architecture")
    assert list(found.values()) == pytest.approx([9 / 14, 4 / 14, 1 / 14], abs=0.12)
    assert sum(found.values()) == pytest.approx(1)


def test_variance_components_are_missing_without_seeds_or_groups(made_up):
    table = grid(made_up, 1, 1, 1)
    for part in (table[table["seed"] == 0], table[table["model"] == 0]):
        assert numpy.isnan(list(variance_components(part, "architecture").values())).all()


def test_widths_that_no_seed_changes_are_no_crash(made_up):
    """Width is a count of layers over their number: it is often the same at every seed."""
    table = made_up(
        lambda model, objective, seed: 0.2 + 0.1 * (model == 1),
        model=range(2),
        objective=["x"],
        seed=range(2),
    )
    table = table.assign(architecture=table["model"].astype(str), metric="m")
    assert set(variance_components(table, "architecture")) == {"architecture", "cell", "seed"}
    assert numpy.isnan(
        width_shares(table, ["metric"], ["architecture"])["eta_squared"]
    ).all()  # two cells, two groups
