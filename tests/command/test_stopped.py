"""A command that is stopped: one line, a status that a shell knows, nothing half-written, handlers as before."""

import os
import signal

import pytest

from src.command.program import run_command
from src.storage.files import write_text, written_file, written_folder

NUMBERS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def as_from_a_shell():
    """Background jobs of a shell ignore Ctrl-C, and so does what they start."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("writer", [written_file, written_folder])
def test_in_the_middle_of_a_file_it_is_one_line_and_the_file_is_as_before(number, writer, tmp_path, capsys):
    path, told = tmp_path / "found", []
    if writer is written_file:
        write_text(path, "whole")

    def main():
        try:
            with writer(path) as aside:
                (aside / "part" if aside.is_dir() else aside).write_text("half")
                os.kill(os.getpid(), number)
                told.append("went on")
        finally:
            told.append("left")

    with pytest.raises(SystemExit) as end:
        run_command(main)
    assert end.value.code == 128 + number
    line = f"strata: stopped by {number.name}; what is written is whole, and the same command does the rest\n"
    assert capsys.readouterr().err == line
    assert told == ["left"]
    assert [one.read_text() for one in tmp_path.iterdir()] == (["whole"] if writer is written_file else [])
    assert all(signal.getsignal(one) is signal.SIG_DFL for one in NUMBERS)


def test_a_second_sigterm_does_not_cut_off_what_the_first_lets_end():
    told = []

    def main():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            told.append("left")

    with pytest.raises(SystemExit, match="143"):
        run_command(main)
    assert told == ["left"]


def test_what_nohup_ignores_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = []

    def main():
        os.kill(os.getpid(), signal.SIGINT)
        told.append("went on")

    run_command(main)
    assert told == ["went on"]
