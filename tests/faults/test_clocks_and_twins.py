"""Clocks that are set while a run works, and two that want the same run."""

import os
import random
import time

from fault_runs import assert_same, count, only_run

TIMES = 12


def test_two_at_once_do_the_run_once(small, start, ended, whole, tmp_path):
    draw = random.Random(8)
    refused = 0
    for number in range(TIMES):
        root = tmp_path / str(number)
        outputs = [tmp_path / f"{number}-{one}.txt" for one in range(2)]
        first = start(small(root=root), output=outputs[0])
        time.sleep(draw.uniform(0, 1))
        second = start(small(root=root), output=outputs[1])
        for process in (first, second):
            process.join(300)
        statuses = sorted([first.exitcode, second.exitcode])
        assert statuses in ([0, 0], [0, 2]), [path.read_text() for path in outputs]
        if statuses == [0, 2]:
            refused += 1
            said = outputs[0 if first.exitcode else 1].read_text().splitlines()[-1]
            assert said.startswith("strata: ")
            assert "in use by host" in said or "finished this run just now" in said
        assert_same(only_run(root / "runs"), whole)
    count("two at once", "one did it, the other said so", refused)
    count("two at once", "the second found it finished", TIMES - refused)


def test_a_clock_that_jumps_gives_no_folder_away(small, start, ended, whole, tmp_path):
    """Hours forth or back on the lock's heartbeat, as after a clock was set: the living owner stays."""
    draw = random.Random(9)
    refused = 0
    for number in range(TIMES):
        root = tmp_path / str(number)
        process = start(small(root=root))
        while not (found := list(root.glob("runs/*/*/lock.json"))) and process.exitcode is None:
            time.sleep(0.01)
        jumped = time.time() + draw.choice([-1, 1]) * draw.uniform(120, 7200)
        if process.exitcode is None:
            os.utime(found[0], (jumped, jumped))
        status = ended(small(root=root))
        process.join(300)
        assert process.exitcode == 0
        assert status in (0, 2)
        refused += status == 2
        assert_same(only_run(root / "runs"), whole)
    count("clock set by minutes to hours", "the second was refused, the first ended, bit for bit", refused)
