"""A sweep of this machine is stopped by a signal and goes on at the next launch."""

import json
import signal
import time

from src.runtime.preemption import EXIT_CODE


def test_a_signal_stops_runs_between_steps_and_the_next_launch_goes_on(write_sweep, sweep, planned):
    """Once by Ctrl-C, and again by SIGTERM where that launch has gone on."""
    path = write_sweep(seed="0,1", **{"train.max_steps": 60, "metrics": "none"})
    plan = planned(path)
    first, second = plan.runs
    log, end = first.folder / "steps.jsonl", time.monotonic() + 300
    done = 0
    for number in (signal.SIGINT, signal.SIGTERM):
        process = sweep(path, wait=False)
        while not (log.is_file() and log.read_bytes().count(b"\n") >= done + 3):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        output, errors = process.communicate(timeout=400)
        assert output.splitlines()[-1] == "2 runs: 1 preempted, 1 new", errors
        assert "Traceback" not in errors
        assert process.returncode == EXIT_CODE and errors.count("asked to stop") == 1
        assert not second.folder.exists()
        done = log.read_bytes().count(b"\n")
    done = sweep(path, "--jobs", 2)
    assert done.stdout.splitlines()[-1] == "2 runs: 2 done", done.stderr
    assert "0 started" in sweep(path).stdout
    steps = [json.loads(line)["step"] for line in log.read_text().splitlines()]
    assert steps == list(range(1, 61))
