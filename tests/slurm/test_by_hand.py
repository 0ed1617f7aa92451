"""The scripts of launcher=print, submitted by hand: SLURM's array does the runs that the sweep asks for."""

import subprocess

import pytest
from on_cluster import squeue, wait_for
from one_node import missing

pytestmark = [pytest.mark.slurm, pytest.mark.skipif(missing() is not None, reason=f"no SLURM: {missing()}")]


def test_printed_scripts_do_the_runs_of_the_sweep(write_sweep, command, tmp_path):
    path = write_sweep("by_hand", sections={"train": {"max_steps": 3}}, seed="0,1,2")
    printed = command(path, "launcher=print", "--per-job", "2")
    assert printed.returncode == 0, printed.stderr
    *submits, last = printed.stdout.splitlines()
    assert last == "3 of 3 runs are in these scripts; nothing was submitted"
    assert squeue() == ""
    for line in submits:
        subprocess.run(line.split(), check=True, cwd=tmp_path)
    wait_for(lambda: squeue() == "")
    logs = sorted((tmp_path / "by_hand").glob("*/.sweep/*/scripts/logs/*.log"))
    assert command("status", path).stdout.endswith("3 runs: 3 done\n"), [
        log.read_text()[-800:] for log in logs
    ]
    assert sorted(log.read_text().count("finished: ") for log in logs) == [1, 2]
    again = command(path, "launcher=print").stdout
    assert again == "0 of 3 runs are in these scripts; nothing was submitted\n"
