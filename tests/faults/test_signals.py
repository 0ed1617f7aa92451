"""SIGINT and SIGTERM just before a change of a file, in every stage: one line, and it goes on bit for bit."""

import random
import signal

import pytest
from fault_runs import assert_same, count, only_run

from src.runtime.preemption import EXIT_CODE

TIMES = 12


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_before_changes_of_files(small, ended, whole, tmp_path, number):
    """Base scores, training, probe, tuned scores and the record: each writes."""
    assert ended(small(root=tmp_path / "counted")) == 0
    changes = int((tmp_path / "output.txt").read_text().split("changes ")[1].split()[0])
    stopped = 0
    for place in sorted(random.Random(6).sample(range(1, changes + 1), TIMES)):
        root = tmp_path / str(place)
        said = tmp_path / f"{place}.txt"
        status = ended(small(root=root), events=place, number=number, output=said)
        assert status in (0, EXIT_CODE), said.read_text()
        assert "Traceback" not in said.read_text()
        if status:
            stopped += 1
            assert said.read_text().count("asked to stop: what is done is kept") == 1
            assert not list(root.rglob("run.json"))
            assert not list(root.rglob("lock.json"))
            assert ended(small(root=root)) == 0, (tmp_path / "output.txt").read_text()
        assert_same(only_run(root / "runs"), whole)
    assert stopped >= TIMES // 3  # late ones find the run finished
    count(
        f"{signal.Signals(number).name} before one of {changes} changes of a file",
        "went on, bit for bit",
        stopped,
    )
