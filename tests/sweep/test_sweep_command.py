"""What the command says, to people and to programs; and two of them at once."""

import json

import pytest

from src.sweep import __main__ as command


@pytest.fixture
def nothing_starts(monkeypatch):
    monkeypatch.setattr(command, "launch", lambda *given: 0)


@pytest.mark.parametrize(("dirty", "said"), [(True, True), (False, False), (None, False)])
def test_a_launch_from_a_changed_work_tree_says_so(
    write_sweep, nothing_starts, monkeypatch, capsys, dirty, said
):
    monkeypatch.setattr(command, "git", lambda: {"commit": "abc", "dirty": dirty})
    command.main([str(write_sweep())])
    line = "the work tree differs from its commit: the records will say dirty; the jobs run a copy of it"
    assert (line in capsys.readouterr().out.splitlines()) == said


def test_programs_read_the_states_as_json(write_sweep, planned, finish, capsys):
    path = write_sweep(seed="0,1,2")
    done, failed, _ = planned(path).runs
    finish(done)
    finish(failed, "failed", error="TrainingError: the loss is nan in step 3")
    command.main(["status", str(path), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["sweep"], told["line"]) == ("tiny", "3 runs: 1 done, 1 failed, 1 new")
    assert [run["state"] for run in told["runs"]] == ["done", "failed", "new"]
    assert told["runs"][1] == {
        "id": failed.id,
        "folder": str(failed.folder),
        "overrides": failed.line,
        "launcher": "local",
        "state": "failed",
        "detail": "TrainingError: the loss is nan in step 3",
        "job": None,
    }


def test_two_launches_at_once_do_each_run_once(write_sweep, sweep, planned):
    path = write_sweep(seed="0,1", **{"metrics": "none", "train.max_steps": 2})
    both = [sweep(path, "--wait", wait=False) for _ in range(2)]
    ended = [process.communicate(timeout=600) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    assert [output.splitlines()[-1] for output, _ in ended] == ["2 runs: 2 done"] * 2
    started = sorted(output.partition(" started")[0].splitlines()[-1] for output, _ in ended)
    assert started == ["0", "2"]
    plan = planned(path)
    for run in plan.runs:
        log = (plan.folder / "logs" / f"{run.key}.log").read_text()
        assert log.count("finished: ") == 1
        assert "finished earlier" not in log
