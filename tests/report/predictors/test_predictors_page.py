"""What is said of predictors whose numbers are known."""

import pytest

from src.analysis.intervened import Intervened
from src.intervene.predictors.over_models import Agreement, Placed
from src.intervene.predictors.tables import ModelGain
from src.report.plugins import page_of
from src.report.predictors.plugin import plots, sentences
from src.storage.csv_file import write_csv
from src.storage.files import write_json


@pytest.fixture
def found(tmp_path):
    """One profile that tells more than depth does, one that misleads and only follows depth, one of nothing."""
    told = [
        ("weight_change", 0.6, 0.4, 0.75, 0.001, 0.2, 0.5),
        ("cka_debiased", -0.5, -0.7, -0.2, 0.01, -0.3, 0.2),
        ("mean_shift", 0.1, -0.3, 0.4, 1.0, -0.3, 0.4),
    ]
    lines = [
        (
            "none",
            *Agreement(name, "path", rho, low, high, p, 0.1, (one + other) / 2, one, other, 0.8, 0.6, 1, 8),
        )
        for name, rho, low, high, p, one, other in told
    ]
    write_csv(tmp_path / "predictors.csv", ("control", *Agreement._fields), lines)
    write_csv(
        tmp_path / "summary.csv", ("control", *Placed._fields), [("none", "middle_share", 0.7, 0.65, 0.75, 8)]
    )
    models = [ModelGain("none", f"m{i}", 5, 10, 0.3, 0.1 * (i - 1), 0.5, 0.7, i > 1) for i in range(1, 10)]
    write_csv(tmp_path / "models.csv", ModelGain._fields, models)
    write_json(tmp_path / "about.json", {"runs": 45})
    return Intervened("made", tmp_path)


def test_what_tells_is_named_and_the_rest_is_not(found):
    text = " ".join(sentences(*(found.table(name) for name in ("predictors", "models", "summary"))))
    assert "8 of 9 models have a gain" in text
    assert (
        "weight change is larger, a block carries more of the gain: rho +0.60 (+0.40 to +0.75), also" in text
    )
    assert "cka debiased is larger, a block carries less" in text and "not beyond depth" in text
    assert "mean shift" not in text
    assert "0.70 of the gain (0.65 to 0.75)" in text


def test_the_picture_has_every_profile_once_and_as_it_is_given_depth(found):
    (plot,) = plots(found.table("predictors")).values()
    assert list(plot.y.names) == ["weight_change", "mean_shift", "cka_debiased"]
    assert [list(one.x) for one in plot.series] == [[0.6, 0.1, -0.5], pytest.approx([0.35, 0.05, -0.05])]


def test_the_page_is_one_file_with_its_picture(found):
    page = page_of("predictors")(found.folder, "made")
    assert "What tells where the gain sits" in page.read_text()
    assert (found.folder / "rho-none.png").stat().st_size > 10_000
