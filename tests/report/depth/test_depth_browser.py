"""The figures of many models and controls in a real browser."""

from src.report.write import write_report


def test_every_choice_of_every_figure_draws_and_answers_the_mouse(study, open_page, figures):
    page = write_report(study).path
    for width in (1280, 400):
        view = open_page(page, width)
        charts = figures.names(view)
        assert set(charts) == {
            *("depth_slopes", "depth_families", "depth_families_controls", "profiles", "profiles_beyond_push")
        }
        options = {name: figures.every_choice_answers(view, name) for name in charts}
        assert options["depth_slopes"] == [None]  # nothing to choose
        assert (
            set(options["depth_families"])
            == set(options["profiles"])
            == {"procrustes_distance", "cka_debiased"}
        )
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        assert view.wrong == []
        view.close()
