"""The profile in the terminal: a sign a layer, on one scale, missing values missing."""

import io
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

from src.analysis.experiment import read_study
from src.analysis.material import Material
from src.bench.made_runs import MadeStudy, make_runs
from src.report.sketch import MOST_SIGNS, print_sketch, spark


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 1.0], "ah"),
        ([0.5, None, float("nan"), 1.0], "e  h"),
        ([0.124, 0.126], "ab"),
        ([], ""),
    ],
)
def test_a_sign_is_the_eighth_that_a_value_lies_in(values, expected):
    assert spark(values, 0.0, 1.0, "abcdefgh") == expected


def test_equal_values_are_one_line_and_many_are_thinned_with_both_ends():
    assert len(set(spark([3.0] * 5, 3.0, 3.0, "abcdefgh"))) == 1
    many = spark([0.0, *[0.5] * 198, 1.0], 0.0, 1.0, "abcdefgh")
    assert len(many) == MOST_SIGNS and many[0] == "a" and many[-1] == "h"


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "study"
    make_runs(folder, MadeStudy(bands=("whole", "00001")))
    return Material(read_study(folder))


@pytest.mark.parametrize(("encoding", "sign"), [("utf-8", "█"), ("ascii", "#")])
def test_every_arm_has_its_line_and_any_terminal_can_show_it(material, encoding, sign):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    print_sketch(material, Console(file=file, width=100))
    file.flush()
    said = file.buffer.getvalue().decode(encoding)
    lines = said.splitlines()
    assert max(map(len, lines)) <= 100
    assert sign in said
    assert len([line for line in lines if line.startswith("  ")]) == len(material.study.arms)
    for arm in material.study.arms:
        assert any(line.strip().startswith(arm.label(material.study.factors)) for line in lines)


def test_arms_that_find_no_room_are_counted(material, monkeypatch):
    monkeypatch.setattr("src.report.sketch.MOST_LINES", 1)
    file = io.StringIO()
    print_sketch(material, Console(file=file, width=100))
    assert f"and {len(material.study.arms) - 1} further" in file.getvalue()


def test_readings_of_one_arm_are_told_apart(material):
    first = next(line for line in material.profiles["cka_debiased"] if line.stage != "base")
    both = [first, replace(first, reading="no_massive")]
    shown = SimpleNamespace(profiles={"cka_debiased": both}, study=material.study)
    file = io.StringIO()
    print_sketch(shown, Console(file=file, width=100))
    names = [line.split(" (")[0].strip() for line in file.getvalue().splitlines()[1:]]
    assert names[0].startswith("all: ") and names[1].startswith("no massive: ")
