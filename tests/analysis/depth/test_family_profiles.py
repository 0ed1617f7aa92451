"""Profiles by family."""

import numpy
import pytest

from src.analysis.depth.depth_study import analyse
from src.analysis.experiment import read_study
from src.report.depth.plots import family_plots


def families(folder):
    found = analyse(read_study(folder).arms).families
    return found[found["metric"] == "procrustes_distance"]


def test_profiles_of_a_family_are_on_the_scale_of_their_own_mean(write_run):
    write_run(1.0, seed=0, level=1.0)
    folder = write_run(10.0, seed=1, level=10.0)
    found = families(folder.parent).set_index("depth")["value"]
    assert found.loc[[0.0, 0.5, 1.0]].tolist() == pytest.approx([0.5, 1.0, 1.5])


def test_sequential_and_parallel_decoders_are_no_one_family(write_run, tmp_path):
    slopes = {"tiny_gpt2": 1.0, "tiny_opt": 0.6, "tiny_gpt_neox": 0.2, "tiny_bert": 0.4, "tiny_mamba": 0.0}
    for model, slope in slopes.items():
        write_run(slope, model)
    last = families(tmp_path / "study")
    last = last[last["depth"] == 1.0].set_index("family")
    assert last["value"].to_dict() == pytest.approx(
        {"sequential decoders": 1.4, "parallel decoders": 1.1, "encoders": 1.2, "state-space": 1.0}
    )
    assert last.loc["sequential decoders", "num_cells"] == 2


def test_controls_are_compared_over_the_cells_that_ran_under_both(write_run, tmp_path):
    """The control changes nothing here; a steep cell that ran without it alone must not make a difference."""
    write_run(0.2, "tiny_gpt2", control="none")
    write_run(0.2, "tiny_gpt2", control="equal_step")
    write_run(1.8, "tiny_opt", control="none")
    found = families(tmp_path / "study")
    last = found[found["depth"] == 1.0].set_index(["cells", "control"])
    assert last.loc[("all", "none"), "value"] == pytest.approx((1.1 + 1.9) / 2)
    both = last.loc["under both controls"]
    assert both["value"].tolist() == pytest.approx([1.1, 1.1])
    assert both["num_cells"].tolist() == [1, 1]


def test_the_figure_names_family_control_and_cells(study):
    plots = {name: plots for name, _, plots in family_plots(analyse(read_study(study).arms))}
    names = [one.name for one in plots["depth_families_controls"]["procrustes_distance"].series]
    order = ["encoders", "sequential decoders", "parallel decoders", "state-space"]
    assert [name.split(",")[0] for name in names] == list(numpy.repeat(order, 2))
    assert {"encoders, standard (2 cells)", "parallel decoders, equal-step (6 cells)"} <= set(names)
