import warnings

import numpy
import pandas
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.stats.anova import anova_lm

from src.analysis.depth.components import Nested, variance_components
from src.analysis.depth.width import explained, width_shares


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
    for end, level in ((found.ci_low, 0.975), (found.ci_high, 0.025)):
        shift = found.num_models * end / (1 - end)
        assert stats.ncf.cdf(statistic, 3, found.num_models - 4, shift) == pytest.approx(level, abs=1e-4)


def test_it_covers_the_true_share_as_often_as_it_says():
    rng = numpy.random.default_rng(1)
    groups = numpy.repeat(numpy.arange(4), 10)
    level = numpy.array([0.0, 0.5, 1.0, 1.5])[groups]
    truth = level.var() / (level.var() + 1)
    found = [explained(level + rng.normal(size=40), groups) for _ in range(1000)]
    assert numpy.mean([one.ci_low <= truth <= one.ci_high for one in found]) == pytest.approx(0.95, abs=0.025)


def test_chance_alone_has_an_omega_of_0_and_a_low_end_at_0():
    rng = numpy.random.default_rng(2)
    groups = numpy.repeat(numpy.arange(8), 5)
    found = [explained(rng.normal(size=40), groups) for _ in range(400)]
    assert numpy.mean([one.omega_squared for one in found]) == pytest.approx(0, abs=0.02)
    assert numpy.mean([one.eta_squared for one in found]) > 0.15
    assert numpy.mean([one.ci_low == 0 for one in found]) == pytest.approx(0.975, abs=0.02)


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


def grid(made_up, arch, model, cell, noise):
    """20 architectures of 3 models, 3 objectives, 3 seeds; standard deviations of each level."""
    rng = numpy.random.default_rng(3)
    archs, models, cells = rng.normal(0, arch, 20), rng.normal(0, model, 60), rng.normal(0, cell, (60, 3))
    return made_up(
        lambda model, objective, seed: archs[model // 3] + models[model] + cells[model, objective] + rng.normal(0, noise),
        model=range(60), objective=range(3), seed=range(3),
    ).assign(architecture=lambda x: x["model"] // 3, metric="x")  # fmt: skip


def test_the_units_are_models_however_often_one_was_run(made_up):
    """The analysis of variance of scipy on one mean a model: objectives and seeds add no units."""
    table = grid(made_up, 3, 1, 1, 0.1)
    found = width_shares(table, ["metric"], ["architecture"]).iloc[0]
    models = table.groupby(["architecture", "model"])["value"].mean().reset_index()
    sides = [side.to_numpy() for _, side in models.groupby("architecture")["value"]]
    statistic = stats.f_oneway(*sides).statistic
    assert found["num_models"] == 60
    assert found["eta_squared"] == pytest.approx(19 * statistic / (19 * statistic + 40))


def test_variance_components_are_those_of_a_balanced_nested_analysis(made_up):
    """Restricted likelihood of balanced data is the analysis of variance, in closed form."""
    table = grid(made_up, 3.0, 2.0, 1.0, 1.0)
    found = variance_components(table, "architecture")
    values = table["value"].to_numpy().reshape(20, 3, 3, 3)
    means = [values.mean(axis=tuple(range(axis, 4))) for axis in range(1, 5)]
    squares = [27 * ((means[0] - values.mean()) ** 2).sum() / 19]
    for level, (size, freedom) in enumerate([(9, 40), (3, 120), (1, 360)], 1):
        squares.append(size * ((means[level] - means[level - 1][..., None]) ** 2).sum() / freedom)
    parts = [
        (squares[0] - squares[1]) / 27,
        (squares[1] - squares[2]) / 9,
        (squares[2] - squares[3]) / 3,
        squares[3],
    ]
    assert list(found) == ["architecture", "model", "cell", "seed"]
    assert list(found.values()) == pytest.approx([part / sum(parts) for part in parts], abs=0.0002)


def nested(seed, groups=4, models=2):
    """Few groups, cells of unlike numbers of seeds, and nothing between groups: where fits stop too early."""
    random = numpy.random.default_rng(seed)
    rows = []
    for unit in range(groups):
        for model in range(models):
            place = random.normal(0, 1)
            for cell in range(2):
                inside = place + random.normal(0, 0.3)
                rows += [(str(unit), f"{unit}{model}", f"{unit}{model} {cell}", inside + random.normal(0, 0.5))
                         for _ in range(random.integers(2, 6))]  # fmt: skip
    return pandas.DataFrame(rows, columns=["unit", "model", "cell", "value"])


@pytest.mark.parametrize("seed", range(6))
def test_no_other_fit_of_unlike_cells_has_a_larger_likelihood(seed):
    """The constant apart, statsmodels has the same likelihood, and never a larger one at its own end."""
    frame = nested(seed)
    ours = Nested(frame)
    found = ours.fit()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inside = {"model": "0 + C(model)", "cell": "0 + C(cell)"}
        model = MixedLM.from_formula("value ~ 1", frame, groups="unit", re_formula="1", vc_formula=inside)
        fit = model.fit(reml=True, method=["lbfgs", "powell"])
    parts = dict(zip(model.exog_vc.names, fit.vcomp, strict=True))
    theirs = numpy.array(
        [float(fit.cov_re.iloc[0, 0]), float(parts["model"]), float(parts["cell"]), fit.scale]
    )
    assert ours.loss(found)[0] <= ours.loss(theirs)[0] + 1e-6
    other = numpy.array([0.5, 0.7, 0.2, 0.3])
    gap = ours.loss(theirs)[0] - ours.loss(other)[0]
    assert gap == pytest.approx(dense(frame, theirs) - dense(frame, other), abs=1e-6)


def dense(frame, variances):
    """-2 x the restricted log-likelihood with a row a run, written out."""
    names = [frame[name].to_numpy() for name in ("unit", "model", "cell")]
    parts = [(name[:, None] == name).astype(float) for name in names] + [numpy.eye(len(frame))]
    covariance = sum(size * part for size, part in zip(variances, parts, strict=True))
    inverse, ones, values = numpy.linalg.inv(covariance), numpy.ones(len(frame)), frame["value"].to_numpy()
    centre = ones @ inverse @ values / (ones @ inverse @ ones)
    rest = values - centre
    return numpy.linalg.slogdet(covariance)[1] + numpy.log(ones @ inverse @ ones) + rest @ inverse @ rest


def test_the_last_bit_of_a_value_moves_no_share(made_up):
    table = grid(made_up, 0.0, 3.0, 1.0, 0.5)
    other = table.assign(value=table["value"] * (1 + 1e-15 * (table["seed"] - 1)))
    assert variance_components(table, "architecture") == variance_components(other, "architecture")


def test_what_models_of_an_architecture_differ_by_is_not_laid_to_its_objectives(made_up):
    found = variance_components(grid(made_up, 0.0, 3.0, 1.0, 0.5), "architecture")
    assert found["model"] > 0.7
    assert found["cell"] < 0.2


@pytest.mark.parametrize("alone", ["seed", "objective", "model"])
def test_variance_components_are_missing_where_two_levels_are_one(made_up, alone):
    table = grid(made_up, 1, 1, 1, 1)
    part = table[table[alone] % 3 == 0] if alone == "model" else table[table[alone] == 0]
    assert numpy.isnan(list(variance_components(part, "architecture").values())).all()


def test_widths_that_nothing_changes_are_no_crash(made_up):
    table = made_up(lambda model, objective, seed: 0.2, model=range(4), objective="xy", seed=range(2))
    table = table.assign(architecture=table["model"] // 2, metric="m")
    assert numpy.isnan(list(variance_components(table, "architecture").values())).all()
    assert numpy.isnan(width_shares(table, ["metric"], ["architecture"])["eta_squared"]).all()
