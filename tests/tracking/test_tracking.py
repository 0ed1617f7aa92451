"""The mirror in W&B against a server that works, refuses, hangs, answers 500, or dies on the way.

Each run is a process of its own, as for a user; what it left offline is sent with the real `wandb sync`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.forked import Command
from tests.tracking.tracked_run import RUN_ID
from tests.tracking.wandb_server import KEY, WandbServer

BUDGET = 30.0  # seconds that a dead server may cost in all
NOBODY = "http://127.0.0.1:9"
slow = pytest.mark.faults  # these wait for timeouts: `make faults`


@pytest.fixture
def environment(tmp_path):
    """No credentials of the machine, and the key that is none."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WANDB_")}
    return kept | {
        "HOME": str(tmp_path / "home"),
        "WANDB_API_KEY": KEY,
        "WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL": "1",
    }


@pytest.fixture
def start(tmp_path, environment):
    """Start a tracked run in `tmp_path/run`."""
    processes = []

    def one(url, *options, key=True):
        given = environment | {"WANDB_BASE_URL": url}
        if not key:
            del given["WANDB_API_KEY"]
        (tmp_path / "run").mkdir(exist_ok=True)
        processes.append(Command("tests.tracking.tracked_run", tmp_path / "run", *options, env=given))
        return processes[-1]

    yield one
    for process in processes:
        process.send_signal(signal.SIGKILL)


def end(process):
    """Exit status, seconds that the tracker and the end of the process took, what was said."""
    out, said = process.communicate(timeout=300)
    found = json.loads(out.splitlines()[-1]) if out.strip() else {"seconds": [], "ended": 0}
    return process.returncode, found["seconds"], time.time() - found["ended"], said


@pytest.fixture
def usual(start, tmp_path):
    """Seconds that the same run takes offline on this machine as busy as it is now, without its pauses."""
    status, seconds, leaving, _ = end(start(NOBODY))
    shutil.rmtree(tmp_path / "run")
    assert status == 0
    return sum(seconds) + leaving


def sync(tmp_path, environment, server):
    given = environment | {"WANDB_BASE_URL": server.url}
    command = [sys.executable, "-m", "wandb", "sync", "--include-online", str(tmp_path / "run" / "wandb")]
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=300)


def check_whole(bucket, num_steps):
    """Everything, once, in order."""
    assert bucket.rows("train/step") == list(range(1, num_steps + 1))
    assert bucket.rows("_step") == list(range(len(bucket.history)))
    assert bucket.rows("score/step") == [0, num_steps]
    assert bucket.rows("score/heldout/exact_match") == [0.25, 0.75]
    assert bucket.rows("profile/layer") == [0, 1, 2, 3, 4]
    assert bucket.rows("profile/mean_shift/change") == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    summary = bucket.summary
    assert summary["layers"]["nrows"] == 15
    assert (summary["base/heldout/exact_match"], summary["tuned/heldout/exact_match"]) == (0.25, 0.75)
    assert summary["tuned/heldout/exact_match_stderr"] == 0.1
    assert (summary["params/trainable"], summary["params/total"]) == (100, 1000)
    assert summary["layer/mean_shift/03"] == pytest.approx(0.3)
    assert bucket.fields["groupName"] == "default"
    assert {"band:whole", "method:lora", "seed:0", "scaling:alpha_over_r"} <= set(bucket.fields["tags"])


def check_no_key(folder, *texts):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".wandb" for path in paths)
    assert not [path for path in paths if KEY.encode() in path.read_bytes()]
    assert KEY not in "".join(texts)


def test_online_everything_arrives_once_and_sync_has_nothing_to_do(start, tmp_path, environment):
    with WandbServer() as server:
        status, _, _, said = end(start(server.url, "--mode", "online"))
        check_whole(server.buckets[RUN_ID], 10)
        assert "No runs to sync" in sync(tmp_path, environment, server).stderr
    assert (status, server.buckets[RUN_ID].exit_code) == (0, 0)
    assert "complete without it" not in said
    check_no_key(tmp_path / "run", said, json.dumps(server.buckets[RUN_ID].fields))


@pytest.mark.parametrize(
    "behaviour",
    [
        "refuse",
        "401",
        pytest.param("403", marks=slow),
        pytest.param("error", marks=slow),
        pytest.param("hang", marks=slow),
        pytest.param("deaf", marks=slow),
    ],
)
def test_a_server_that_is_dead_at_the_start_costs_seconds_and_sync_sends_all(
    start, tmp_path, environment, behaviour, usual
):
    if behaviour == "refuse":
        status, seconds, leaving, said = end(start(NOBODY, "--mode", "online"))
    else:
        with WandbServer(behaviour) as server:
            status, seconds, leaving, said = end(start(server.url, "--mode", "online"))
    print("seconds: start, run, end, exit", [*seconds, round(leaving, 1)], "offline in all", round(usual, 1))
    assert status == 0
    assert sum(seconds) + leaving - usual < BUDGET
    assert "wandb sync --include-online" in said
    assert [path.name[:12] for path in (tmp_path / "run" / "wandb").glob("*run-*")] == ["offline-run-"]
    check_no_key(tmp_path / "run", said)
    with WandbServer() as server:
        sync(tmp_path, environment, server)
        check_whole(server.buckets[RUN_ID], 10)


@pytest.mark.parametrize(
    "behaviour",
    [pytest.param("error", marks=slow), pytest.param("stop", marks=slow), pytest.param("hang", marks=slow)],
)
def test_a_server_that_dies_on_the_way_costs_seconds_and_sync_sends_the_rest(
    start, tmp_path, environment, behaviour, usual
):
    steps, pause = 16, 0.5
    options = ["--mode", "online", "--last", str(steps), "--pause", str(pause)]
    with WandbServer() as server:
        process = start(server.url, *options)
        while not server.buckets[RUN_ID].history:
            assert process.poll() is None
            time.sleep(0.1)
        assert len(server.buckets[RUN_ID].history) < steps
        server.behaviour = behaviour
        if behaviour != "stop":
            status, seconds, leaving, said = end(process)
    if behaviour == "stop":
        status, seconds, leaving, said = end(process)
    cost = sum(seconds) - steps * pause + leaving - usual
    print("seconds: start, run, end, exit", [*seconds, round(leaving, 1)], "offline in all", round(usual, 1))
    assert status == 0
    assert cost < BUDGET
    assert "wandb sync --include-online" in said
    check_no_key(tmp_path / "run", said)
    with WandbServer(port=server.server_address[1]) as again:
        again.buckets, again.known = server.buckets, server.known
        sync(tmp_path, environment, again)
        check_whole(again.buckets[RUN_ID], steps)


@slow
def test_a_server_that_dies_before_the_end_costs_seconds(start, tmp_path, environment, usual):
    with WandbServer() as server:
        process = start(server.url, "--mode", "online", "--last", "16", "--pause", "0.5", "--end", "preempt")
        while not server.buckets[RUN_ID].history:
            time.sleep(0.1)
        server.behaviour = "hang"
        status, seconds, leaving, _ = end(process)
    print("seconds: start, run, end, exit", [*seconds, round(leaving, 1)], "offline in all", round(usual, 1))
    assert status == 75
    assert sum(seconds) + leaving - 8 - usual < BUDGET
    with WandbServer(port=server.server_address[1]) as again:
        again.buckets, again.known = server.buckets, server.known
        sync(tmp_path, environment, again)
        assert again.buckets[RUN_ID].rows("train/step") == list(range(1, 17))


@pytest.mark.parametrize("mode", ["offline", pytest.param("online", marks=slow)])
def test_killed_then_preempted_then_finished_every_step_is_there_once(start, tmp_path, environment, mode):
    """Steps 6 to 10 and 12 to 14 are done twice; the kill comes before W&B has written anything."""
    with WandbServer() as server:
        url = server.url if mode == "online" else NOBODY
        assert end(start(url, "--mode", mode, "--end", "kill"))[0] == -9
        status = end(start(url, "--mode", mode, "--first", "6", "--last", "14", "--end", "preempt"))[0]
        assert status == 75
        if mode == "online":
            assert server.buckets[RUN_ID].exit_code == 75
            assert server.buckets[RUN_ID].rows("train/step") == list(range(1, 15))
        assert end(start(url, "--mode", mode, "--first", "12", "--last", "20"))[0] == 0
        assert len(list((tmp_path / "run" / "wandb").glob("*run-2*"))) == 1
        sync(tmp_path, environment, server)
        check_whole(server.buckets[RUN_ID], 20)


def test_a_preempted_run_says_so_in_its_own_log(start, tmp_path):
    end(start(NOBODY, "--end", "preempt"))
    (log,) = (tmp_path / "run" / "wandb").glob("offline-run-*/*.wandb")
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(log)]
    lines = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["type"] for record in records].count("preempting") == 1
    (ended,) = [record["exit"] for record in records if record["type"] == "exit"]
    assert ended["exit_code"] == 75
    steps = [one["history"]["item"].get("train/step") for one in records if one["type"] == "history"]
    assert [step for step in steps if step is not None] == list(range(1, 11))


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("http://lab:{key}@127.0.0.1:9", "given with a user; accepted: https://HOST, and the key in"),
        ("//lab:{key}@host", "WANDB_BASE_URL: given no address; accepted: https://HOST"),
    ],
)
def test_an_address_that_holds_a_password_is_never_told(start, tmp_path, address, line):
    status, _, _, said = end(start(address.format(key=KEY), "--mode", "online", key=False))
    assert status == 0
    assert line in said
    assert len(said.splitlines()) == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_a_key_of_another_form_goes_on_offline_and_is_never_told(start, tmp_path, environment):
    environment["WANDB_API_KEY"] = "short-and-wrong"
    with WandbServer() as server:
        status, _, _, said = end(start(server.url, "--mode", "online"))
    assert status == 0
    assert "wandb sync --include-online" in said
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [content for content in [said.encode(), *kept] if b"short-and-wrong" in content]


def test_online_without_a_key_goes_on_offline_and_says_what_to_do(start):
    status, _, _, said = end(start(NOBODY, "--mode", "online", key=False))
    assert status == 0
    assert f"no key for {NOBODY}: `wandb login`, or set WANDB_API_KEY" in said
