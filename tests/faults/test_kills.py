"""SIGKILL at any moment, again and again: the run that goes on ends as if nothing had been."""

import random
import time

from fault_runs import assert_same, count, only_run

MOMENTS = 40  # by the clock
CHANGES = 60  # just before a change of a file: a write, a rename, a removal


def test_at_moments_of_the_clock(small, start, ended, whole, tmp_path):
    draw = random.Random(1)
    begun = time.monotonic()
    assert ended(small(root=tmp_path / "timed")) == 0
    longest = time.monotonic() - begun
    killed = rounds = 0
    while killed < MOMENTS:
        rounds += 1
        config = small(root=tmp_path / str(rounds))
        for _ in range(5):
            process = start(config)
            process.join(draw.uniform(0.05, 0.8) * longest)
            if process.exitcode is not None:
                break
            process.kill()
            process.join()
            killed += 1
        assert ended(config) == 0, (tmp_path / "output.txt").read_text()
        assert_same(only_run(tmp_path / str(rounds) / "runs"), whole)
    count("SIGKILL by the clock", "went on, bit for bit", killed)


def test_before_changes_of_files(small, ended, whole, tmp_path):
    """Every place where a file could be left half-written, the record and the checkpoints among them."""
    assert ended(small(root=tmp_path / "counted")) == 0
    changes = int((tmp_path / "output.txt").read_text().split("changes ")[1].split()[0])
    places = sorted(random.Random(2).sample(range(1, changes + 1), min(CHANGES, changes)))
    killed = 0
    for begin in range(0, len(places), 4):
        root = tmp_path / str(begin)
        for place in places[begin : begin + 4]:
            killed += ended(small(root=root), events=place) == -9
        assert ended(small(root=root)) == 0, (tmp_path / "output.txt").read_text()
        assert_same(only_run(root / "runs"), whole)
    assert killed >= CHANGES // 2  # a run that goes on makes fewer changes: late places are not reached again
    count(f"SIGKILL before one of {changes} changes of a file", "went on, bit for bit", killed)
