"""A run that is asked to stop: where it stops, what it leaves, and how it goes on."""

import json
import os
import signal
import time

import pytest
from safetensors.torch import load_file
from torch import equal

from src.pipeline import team
from src.run import execute
from src.runtime import preemption
from src.train.ranks import Ranks
from tests.forked import FORKED

LONG = [
    "model.num_blocks=4",
    "train.max_steps=50",
    "train.gradient_accumulation_steps=2",
    "train.checkpoint_steps=null",
    "record=offline",
]


@pytest.fixture(autouse=True)
def interruptible():
    """A shell has its background jobs ignore Ctrl-C, and what they start as well."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def folder_of(tmp_path):
    (path,) = (tmp_path / "runs").glob("*/*/config.yaml")
    return path.parent


def status_of(process):
    process.communicate(timeout=300)
    return process.returncode


def numbers(folder):
    """Steps without their seconds, and the tables."""
    rows = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
    steps = [{key: value for key, value in row.items() if key != "seconds"} for row in rows]
    return steps, *((folder / name).read_text() for name in ("layers.csv", "scores.json", "samples.jsonl"))


def signal_when(process, condition, number):
    """Send a signal as soon as something is true of the files; the exit status."""
    while process.poll() is None:
        if condition():
            process.send_signal(number)
            break
        time.sleep(0.01)
    process.communicate(timeout=300)
    return process.returncode


@pytest.fixture(scope="module")
def whole(make_config, tmp_path_factory):
    """The folder of a run that nobody stopped."""
    root = tmp_path_factory.mktemp("whole")
    paths = [f"paths.runs_dir={root}/runs", f"paths.cache_dir={root}/cache"]
    execute(make_config("debug=smoke", *LONG, *paths))
    return folder_of(root)


def test_stopped_in_training_by_one_signal_after_the_other_it_goes_on_bit_for_bit(command, whole, tmp_path):
    """No checkpoint was due: each signal alone makes one. Dropout and accumulation are on."""
    done = 0
    for number in preemption.SIGNALS:

        def trains(least=done + 3):
            logs = list((tmp_path / "runs").glob("*/*/steps.jsonl"))
            return bool(logs) and logs[0].read_bytes().count(b"\n") >= least

        assert signal_when(command(*LONG), trains, number) == preemption.EXIT_CODE, number
        folder = folder_of(tmp_path)
        (checkpoint,) = folder.glob("checkpoint-*")
        before, done = done, int(checkpoint.name.split("-")[1])
        assert before + 3 <= done < 50
        assert json.loads((folder / "preempted.json").read_text()).keys() == {"stopped"}
        assert not (folder / "run.json").exists()
        assert not (folder / "lock.json").exists()
    assert status_of(command(*LONG)) == 0
    assert numbers(folder) == numbers(whole)
    ours, others = (load_file(one / "adapter" / "adapter_model.safetensors") for one in (folder, whole))
    assert all(equal(ours[name], others[name]) for name in others)
    assert not (folder / "preempted.json").exists()


@pytest.mark.parametrize("stage", ["train", "probe"])
def test_stopped_between_batches_of_probe_and_evaluation(command, tmp_path, stage):
    """Two signals, as a scheduler sends them; the stage is done again, those before it are not."""
    slow = ["data.num_probe=400", "data.num_test=300", "train.max_steps=2", "record=none"]

    def reached():
        return bool(list((tmp_path / "runs").glob(f"*/*/stages/{stage}.json")))

    process = command(*slow)
    while not reached():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGUSR1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=300)
    assert process.returncode == preemption.EXIT_CODE
    folder = folder_of(tmp_path)
    before = (folder / "stages" / f"{stage}.json").stat().st_mtime_ns
    assert not (folder / "run.json").exists()
    assert status_of(command(*slow)) == 0
    assert (folder / "stages" / f"{stage}.json").stat().st_mtime_ns == before
    assert json.loads((folder / "run.json").read_text())["status"] == "success"


def test_stopped_before_it_has_begun_it_loads_nothing(make_config, tmp_path):
    paths = [f"paths.runs_dir={tmp_path}/runs", f"paths.cache_dir={tmp_path}/cache"]
    with preemption.listening():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(SystemExit, match="75"):
            execute(make_config("debug=smoke", *LONG, *paths))
    assert not list(tmp_path.iterdir())


def test_a_multirun_stops_with_its_run(command, tmp_path):
    process = command("hydra.mode=MULTIRUN", "seed=0,1,2", *LONG)

    def trains():
        return bool(list((tmp_path / "runs").glob("*/*/steps.jsonl")))

    assert signal_when(process, trains, signal.SIGUSR2) == preemption.EXIT_CODE
    assert folder_of(tmp_path)  # one folder, not three


def test_the_flag_belongs_to_the_process_and_the_time(capfd):
    before = [signal.getsignal(number) for number in preemption.SIGNALS]
    with preemption.listening():
        assert not preemption.stop_requested()
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
        assert not preemption.stop_requested()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert preemption.stop_requested()
        with pytest.raises(SystemExit, match="75"):
            preemption.stop_if_asked()
    assert not preemption.stop_requested()
    with preemption.listening(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        assert preemption.stop_requested()
        assert capfd.readouterr().err.count("Ctrl-C again") == 1
        os.kill(os.getpid(), signal.SIGINT)
    assert [signal.getsignal(number) for number in preemption.SIGNALS] == before


def _listening(begun):
    with preemption.listening():
        begun.set()
        for _ in range(1000):
            preemption.stop_if_asked()
            time.sleep(0.02)


def test_ranks_that_a_run_started_are_asked_to_stop_with_it(monkeypatch):
    """Ctrl-C and `kill` reach rank 0 alone; without a word the others would go through their whole share."""
    begun = FORKED.Event()
    other = FORKED.Process(target=_listening, args=(begun,))
    other.start()
    assert begun.wait(60)
    ranks = Ranks(1)
    ranks._own = [other]

    def asked(*_):
        raise preemption.Preempted

    monkeypatch.setattr(team, "_over", asked)
    found = team._share(None, None, None, [1, 2], None, "score", stopped=ranks.ask_to_stop)
    assert found == [None]  # what tells rank 0 that nothing is there to be put together
    other.join(60)
    assert other.exitcode == preemption.EXIT_CODE
