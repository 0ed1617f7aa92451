"""Runs that are no depth-profile study cost the report nothing."""

import pytest

from src.analysis.depth.depth_study import analyse
from src.analysis.experiment import read_study
from src.analysis.material import Material
from src.report.depth import band_control, plugin


@pytest.mark.parametrize("without", ["layers", "profiles", "everything"])
def test_runs_without_profiles_are_no_study(write_run, without):
    changes = {} if without == "layers" else {"profiles": []}
    if without == "everything":
        changes |= {"adapted": {"blocks": []}}
    for model in ("tiny_gpt2", "tiny_opt"):
        folder = write_run(0.5, model, **changes)
        (folder / "layers.csv").unlink()
    material = Material(read_study(folder.parent))
    built = plugin.build(material)
    assert (built == []) == (without != "layers")
    assert band_control.build(material) == []
    assert bool(plugin.pictures(material)) == (without == "layers")


def test_a_missing_layer_makes_the_relative_slope_missing_and_nothing_else(write_run):
    folder = write_run(0.5)
    text = (folder / "layers.csv").read_text().split("\n")
    (folder / "layers.csv").write_text("\n".join(line for line in text if line))
    lines = [line.split(",") for line in text if line]
    place = lines[0].index("value")
    for line in lines[1:]:
        if line[0] == "change" and line[1] == "3":
            line[place] = ""
    (folder / "layers.csv").write_text("\n".join(map(",".join, lines)) + "\n")
    numbers = analyse(read_study(folder.parent).arms).numbers
    assert "relative_slope" not in set(numbers["quantity"])
    assert "slope" in set(numbers["quantity"])
