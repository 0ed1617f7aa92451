"""Jobs that are forked from a process with everything imported are those that start cold."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from src.sweep.local.pool import threads_each
from src.sweep.local.preloaded import modules_for
from src.sweep.local.task import task_file
from src.sweep.states import read_states
from tests.forked import FORKED


def numbers(folder):
    lines = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
    for line in lines:
        del line["seconds"]
    names = ("layers.csv", "scores.json", "adapter/adapter_model.safetensors")
    return [lines, *((folder / name).read_bytes() for name in names)]


def wait_for(condition, process):
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)


def test_a_forked_job_gives_the_numbers_of_a_cold_one_bit_for_bit(write_sweep, sweep, planned):
    """Each also mirrors its table to W&B, the second after the first has ended."""
    threads = 2
    more = {"evaluate.limit": 2, "method.dropout": 0.1, "record.mode": "offline"}
    path = write_sweep(seed="0,1", metrics="core", evaluate="default", **more)
    done = sweep(path, "--threads", threads, "--jobs", 1)
    assert done.stdout.splitlines()[-1] == "2 runs: 2 done", done.stderr
    plan = planned(path)
    logs = plan.folder / "logs"
    for run in plan.runs:
        assert "W&B:" not in (logs / f"{run.key}.log").read_text()
        (table,) = run.folder.glob("wandb/offline-run-*/files/media/table/*.json")
        assert "prompt_entropy" in table.read_text()
    record = json.loads((run.folder / "run.json").read_text())
    assert record["hardware"]["threads"] == threads
    assert "finished: " in (logs / f"{run.key}.log").read_text()
    warm = numbers(run.folder)
    shutil.rmtree(run.folder)
    (code,) = plan.folder.glob("code-*")
    environment = {**os.environ, "PYTHONPATH": str(code), "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, "-m", "src.sweep.local.job", task_file(plan, run)]
    subprocess.run(command, cwd=code, env=environment, check=True, capture_output=True)
    assert numbers(run.folder) == warm


def test_a_killed_job_is_lost_and_without_the_server_others_start_cold(write_sweep, sweep, planned):
    path = write_sweep(seed="0,1,2", **{"train.max_steps": 40, "metrics": "none"})
    plan = planned(path)
    process = sweep(path, "--jobs", 1, wait=False)
    job = _held(plan.runs[0], process)
    assert os.getpgid(job) == job  # a group of its own: Ctrl-C does not reach it
    os.kill(job, signal.SIGKILL)
    server = int(Path(f"/proc/{_held(plan.runs[1], process)}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(server, signal.SIGKILL)  # the second goes on, the third starts cold
    output, errors = process.communicate(timeout=400)
    assert "lost: " in output and "its process ended with SIGKILL" in output, errors
    assert output.splitlines()[-1] == "3 runs: 2 done, 1 lost"
    assert [state.name for state in read_states(plan).values()].count("done") == 2
    assert "3 runs: 3 done" in sweep("rerun", "--failed", path).stdout


def _held(run, process):
    """The process that holds a run, once it has taken three steps."""
    log = run.folder / "steps.jsonl"
    wait_for(lambda: log.is_file() and log.read_bytes().count(b"\n") >= 3, process)
    return json.loads((run.folder / "lock.json").read_text())["pid"]


def test_cores_are_shared_by_the_jobs_unless_the_environment_says_otherwise(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [threads_each(jobs) for jobs in (1, 2, 3, 8, 20)] == [8, 4, 2, 1, 1]
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert threads_each(8) == 5


def test_threads_are_at_least_one(write_sweep, sweep, tmp_path):
    done = sweep(write_sweep(), "--threads", 0)
    assert (done.returncode, done.stderr) == (
        2,
        "strata: --threads: given 0; accepted: a number of at least 1\n",
    )
    assert not (tmp_path / "runs").exists()


def test_nothing_that_is_imported_for_all_jobs_imports_wandb(make_config):
    """Its folder for tables belongs to the process that imports it, and goes with the first that ends."""
    names = modules_for([make_config("debug=smoke", "record=offline", "method=lora")])
    process = FORKED.Process(target=_without_wandb, args=(names,))
    process.start()
    process.join()
    assert process.exitcode == 0


def _without_wandb(names):
    for name in names:
        importlib.import_module(name)
    sys.exit("wandb" in sys.modules)
