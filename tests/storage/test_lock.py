"""Two jobs never work on one run's folder, and a dead one holds nobody up."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from src.errors import LockedError, StorageError
from src.storage import lock, owner
from src.storage.lock import RunLock

ROOT = Path(__file__).resolve().parents[2]
_HOLD = (
    "import sys, time\nfrom pathlib import Path\nfrom src.storage.lock import RunLock\n"
    "with RunLock(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
)


@pytest.fixture
def holder(tmp_path):
    """Another process that holds tmp_path."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, tmp_path], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def elsewhere(folder, seconds_ago):
    """The lock of a job on another machine whose last heartbeat is so long ago."""
    there = replace(owner.myself(), host="node7", boot="another", pid=1, job="12_3", token="x")
    owner.write_owner(folder, there)
    beat = time.time() - seconds_ago
    os.utime(folder / owner.NAME, (beat, beat))
    return there


def test_the_folder_is_free_again_afterwards(tmp_path):
    for _ in range(2):
        with RunLock(tmp_path / "new"):
            assert (tmp_path / "new" / owner.NAME).is_file()
    assert [path.name for path in (tmp_path / "new").iterdir()] == [lock.GUARD]


def test_a_second_job_is_told_who_works_there(tmp_path, holder):
    with (
        pytest.raises(LockedError, match=rf"in use by host \S+ pid {holder.pid}, last heartbeat \d s ago"),
        RunLock(tmp_path),
    ):
        pass
    assert owner.read_owner(tmp_path).pid == holder.pid


def test_a_killed_job_s_folder_is_taken_over_at_once(tmp_path, holder):
    holder.kill()
    holder.wait()
    start = time.monotonic()
    with RunLock(tmp_path):
        assert owner.read_owner(tmp_path).pid == os.getpid()
    assert time.monotonic() - start < 2


def test_a_process_number_that_came_again_is_not_the_owner(tmp_path):
    owner.write_owner(tmp_path, replace(owner.myself(), started="1"))
    with RunLock(tmp_path):
        pass


def test_only_one_of_many_threads_gets_a_dead_job_s_folder(tmp_path):
    owner.write_owner(tmp_path, replace(owner.myself(), pid=2**22 + 1))
    held, refused, done = [], [], threading.Barrier(6)

    def work():
        try:
            with RunLock(tmp_path):
                held.append(1)
                done.wait(20)
        except LockedError:
            refused.append(1)
            done.wait(20)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(held), len(refused)) == (1, 5)


def test_another_machine_s_job_is_left_alone_while_its_heart_beats(tmp_path):
    elsewhere(tmp_path, 50)
    with (
        pytest.raises(LockedError, match=r"in use by host node7 job 12_3 pid 1, last heartbeat 5\d s ago"),
        RunLock(tmp_path),
    ):
        pass


def test_another_machine_s_job_is_dead_after_a_minute_of_silence(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "BEAT", 0.1)
    elsewhere(tmp_path, 61)
    with RunLock(tmp_path):
        assert owner.read_owner(tmp_path).pid == os.getpid()


def test_a_clock_set_forward_takes_no_living_job_s_folder(tmp_path, monkeypatch):
    """The lock looks old, but the heart beats while it is watched."""
    monkeypatch.setattr(lock, "BEAT", 0.5)
    there = elsewhere(tmp_path, 3600)
    beat = threading.Timer(0.2, os.utime, [tmp_path / owner.NAME])
    beat.start()
    with pytest.raises(LockedError, match="whose heart beats though a clock was set"), RunLock(tmp_path):
        pass
    assert owner.read_owner(tmp_path) == there


def test_a_lock_from_the_future_is_one_clear_line(tmp_path):
    there = elsewhere(tmp_path, -3600)
    with (
        pytest.raises(LockedError, match=r"lies 3\d\d\d s in the future \(host node7") as caught,
        RunLock(tmp_path),
    ):
        pass
    assert "\n" not in str(caught.value)
    assert owner.read_owner(tmp_path) == there


def test_a_job_that_slurm_started_again_knows_that_its_first_start_is_over(tmp_path, monkeypatch):
    there = elsewhere(tmp_path, 1)
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "12")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    with RunLock(tmp_path):
        assert owner.read_owner(tmp_path).restart == there.restart + 1


def test_the_heart_beats_and_a_job_that_lost_its_folder_learns_it(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "BEAT", 0.05)
    with RunLock(tmp_path) as held:
        os.utime(tmp_path / owner.NAME, (0, 0))
        wait_until(lambda: (tmp_path / owner.NAME).stat().st_mtime > 0)
        held.check()
        there = elsewhere(tmp_path, 0)
        wait_until(lambda: held._lost)
        with pytest.raises(LockedError, match="another job has taken it over"):
            held.check()
    assert owner.read_owner(tmp_path) == there  # the new owner's lock is not removed


def wait_until(true):
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("text", ["{", "{}", '{"host": 1}'])
def test_a_damaged_lock_is_one_line_not_a_takeover(tmp_path, text):
    (tmp_path / owner.NAME).write_text(text)
    with pytest.raises(StorageError, match=r"lock\.json"), RunLock(tmp_path):
        pass
    assert (tmp_path / owner.NAME).read_text() == text


def test_the_lock_costs_next_to_nothing(tmp_path):
    start = time.perf_counter()
    for _ in range(20):
        with RunLock(tmp_path):
            pass
    assert (time.perf_counter() - start) / 20 < 0.2  # once a run
