"""What is told of a long stage, by a clock of the test's own."""

import sys

import pytest

from src.runtime.progress import Progress, each_of


@pytest.fixture
def stage(capsys):
    """What is said while so many units of so many seconds each go by."""

    def run(total, seconds, **options):
        now = [100.0]
        with Progress("train", total, "steps", clock=lambda: now[0], **options) as progress:
            for _ in range(total - options.get("done", 0)):
                now[0] += seconds
                progress.advance(loss="1.0")
        out, err = capsys.readouterr()
        assert out == ""
        return err

    return run


def test_a_log_gets_lines_that_come_ever_more_seldom_and_say_what_is_left(stage):
    lines = stage(100, 4.0).splitlines()
    assert lines == [
        "train: 3 of 100 steps, 4 s each, about 6 minutes left",
        "train: 8 of 100 steps, 4 s each, about 6 minutes left",
        "train: 18 of 100 steps, 4 s each, about 5 minutes left",
        "train: 38 of 100 steps, 4 s each, about 4 minutes left",
        "train: 78 of 100 steps, 4 s each, about 88 seconds left",
        "train: 100 steps took about 7 minutes",
    ]


def test_the_first_slow_step_says_how_long_it_all_takes(stage):
    assert stage(301, 60.0).splitlines()[0] == "train: 1 of 301 steps, 60 s each, about 5 hours left"


def test_a_long_stage_of_quick_steps_is_told_after_a_few_of_them(stage):
    lines = stage(1000, 0.5).splitlines()
    assert lines[0] == "train: 3 of 1000 steps, 0.5 s each, about 8 minutes left"
    assert lines[1].startswith("train: 43 of 1000 steps")
    assert stage(100, 0.5).splitlines()[0].startswith("train: 20 of 100 steps")  # less than a minute in all


def test_a_stage_that_broke_off_took_no_time(capsys):
    now = [0.0]
    with pytest.raises(KeyError), Progress("train", 9, "steps", clock=lambda: now[0]):
        now[0] = 1000.0
        raise KeyError
    assert capsys.readouterr().err == ""


def test_what_an_earlier_process_did_took_no_time_of_this_one(stage):
    assert (
        stage(100, 20.0, done=90).splitlines()[0] == "train: 91 of 100 steps, 20 s each, about 3 minutes left"
    )


def test_short_stages_and_other_ranks_say_nothing(stage):
    assert stage(9, 1.0) == ""
    assert stage(100, 60.0, shown=False) == ""


def test_a_terminal_gets_a_bar_that_goes_and_no_lines(stage, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    said = stage(3, 60.0)
    assert "0/3 [" in said and "left" not in said
    assert said.endswith("\r")  # wiped


def test_items_come_one_by_one():
    assert list(each_of(iter("abc"), "probe", "batches")) == ["a", "b", "c"]
