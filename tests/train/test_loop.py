"""The step loop on tiny models: exact resume, exact accumulation, failure with names."""

import os
import pickle
from dataclasses import replace

import pytest
import torch

from src.control.make import make_control
from src.data.encode import EncodedRow
from src.errors import CheckpointError, TrainingError
from src.method.catalog import adapt
from src.objective.catalog import make_objective
from src.runtime.seeding import generator
from src.storage.manifest import write_manifest
from src.train.checkpoint import checkpoints
from src.train.loop import train


class Killed(Exception):
    pass


def rows(count=24, vocabulary=250, lengths=(6, 20)):
    draw = generator(0, "rows")
    sizes = torch.randint(*lengths, (count,), generator=draw).tolist()
    ids = [torch.randint(1, vocabulary, (length,), generator=draw).tolist() for length in sizes]
    return [EncodedRow(f"row{i}", one, [-100] * 3 + one[3:]) for i, one in enumerate(ids)]


@pytest.fixture
def setting(make_config, load_tiny, tmp_path):
    """Train a fresh tiny model in a folder: run(folder, kill_at=..., method=..., **changes of train)."""

    def run(folder, kill_at=None, method="lora", family="llama", control="none", **changes):
        config = make_config("train=smoke", f"method={method}", "method.dropout=0.2", "method.rank=4")
        config = replace(
            config.train,
            **{"max_steps": 6, "gradient_accumulation_steps": 2, "checkpoint_steps": 2} | changes,
        )
        loaded = load_tiny(family)
        adapted = adapt(loaded, make_config(f"method={method}", "method.dropout=0.2", "method.rank=4").method,
                        list(range(2, 8)), 0)  # fmt: skip

        def on_step(step, row):
            if step == kill_at:
                raise Killed

        folder.mkdir(exist_ok=True)
        objective = make_objective(make_config().objective, loaded.tokenizer)
        options = {"objective": objective, "seed": 0, "folder": folder, "on_step": on_step}
        options["control"] = make_control(make_config(f"control={control}").control, adapted, 6)
        result = train(adapted.model, rows(), config, **options)
        return adapted, result

    return run


@pytest.fixture(scope="module")
def undisturbed():
    """What was trained without a kill, by method and control."""
    return {}


@pytest.fixture
def whole(setting, undisturbed, tmp_path):
    """Train without a kill, once for all moments of one."""

    def run(method, control="none"):
        if (method, control) not in undisturbed:
            found = setting(tmp_path / "whole", method=method, control=control)
            undisturbed[method, control] = found
        return undisturbed[method, control]

    return run


def without_seconds(steps):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in steps]


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("kill_at", [1, 2, 3, 5, 6])
def test_killed_and_resumed_equals_uninterrupted_bit_for_bit(setting, whole, tmp_path, method, kill_at):
    adapted, expected = whole(method)
    with pytest.raises(Killed):
        setting(tmp_path / "killed", kill_at=kill_at, method=method)
    resumed, found = setting(tmp_path / "killed", method=method)
    assert found.resumed_from == (kill_at - 1) // 2 * 2
    assert without_seconds(found.steps) == without_seconds(expected.steps)
    assert adapted.trainable.keys() == resumed.trainable.keys()
    for name, value in adapted.trainable.items():
        assert torch.equal(value, resumed.trainable[name]), name


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_controlled_run_resumes_bit_for_bit(setting, whole, tmp_path, method):
    adapted, expected = whole(method, "equal_step")
    with pytest.raises(Killed):
        setting(tmp_path / "killed", kill_at=4, method=method, control="equal_step")
    resumed, found = setting(tmp_path / "killed", method=method, control="equal_step")
    assert found.resumed_from == 2
    assert without_seconds(found.steps) == without_seconds(expected.steps)
    for name, value in adapted.trainable.items():
        assert torch.equal(value, resumed.trainable[name]), name
    for row in expected.steps:
        assert row["relative_size_max"] <= row["relative_size_min"] * (1 + 1e-5)


def test_training_moves_exactly_the_band(setting, tmp_path):
    adapted, _ = setting(tmp_path / "run", method="full")
    base = adapted.originals
    moved = {name for name, value in adapted.trainable.items() if not torch.equal(value, base[name])}
    assert moved
    assert {int(name.split("layers.")[1].split(".")[0]) for name in moved} == set(range(2, 8))


def test_accumulation_gives_the_gradient_of_the_whole_batch(setting, tmp_path):
    """Batches of unlike lengths: the mean over supervised tokens, not the mean of means."""
    one = setting(
        tmp_path / "one", method="full", batch_size=8, gradient_accumulation_steps=1, checkpoint_steps=None
    )[0]
    four = setting(
        tmp_path / "four", method="full", batch_size=2, gradient_accumulation_steps=4, checkpoint_steps=None
    )[0]
    for name, value in one.trainable.items():
        torch.testing.assert_close(value, four.trainable[name], rtol=1e-4, atol=2e-5)


def test_only_the_newest_checkpoint_is_kept_and_none_of_the_last_step(setting, tmp_path):
    setting(tmp_path / "run")
    assert [path.name for path in checkpoints(tmp_path / "run")] == ["checkpoint-4"]


@pytest.mark.parametrize("harm", ["missing", "changed", "no manifest"])
def test_damaged_checkpoint_is_refused_and_named(setting, tmp_path, harm):
    with pytest.raises(Killed):
        setting(tmp_path / "run", kill_at=3)
    folder = tmp_path / "run" / "checkpoint-2"
    (victim,) = (folder / "state").iterdir()
    if harm == "missing":
        victim.unlink()
    elif harm == "changed":
        content = bytearray(victim.read_bytes())
        content[len(content) // 2] ^= 1
        victim.write_bytes(content)
    else:
        (folder / "manifest.json").unlink()
    word = "damaged" if harm == "changed" else "incomplete"
    with pytest.raises(CheckpointError, match=f"checkpoint-2: {word}.*remove .*checkpoint-2"):
        setting(tmp_path / "run")


class Runs:
    """Unpickled, it makes a folder: what a file of somebody else's run must not be able to do."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("place", ["state/.metadata", "state/__0_0.distcp", "the tensors themselves"])
def test_a_pickle_in_a_checkpoint_is_refused_and_never_read(setting, tmp_path, place):
    with pytest.raises(Killed):
        setting(tmp_path / "run", kill_at=3)
    folder, mark = tmp_path / "run" / "checkpoint-2", tmp_path / "it ran"
    path = folder / place if "/" in place else next((folder / "state").iterdir())
    path.write_bytes(pickle.dumps(Runs(mark)))
    (folder / "manifest.json").unlink()
    write_manifest(folder)  # whoever plants it can do this too
    with pytest.raises(CheckpointError, match=r"checkpoint-2/state/\S+: no safetensors"):
        setting(tmp_path / "run")
    assert not mark.exists()
    pickle.loads(pickle.dumps(Runs(mark)))
    assert mark.exists()  # it would have run


def test_half_written_checkpoint_of_a_killed_process_is_swept(setting, tmp_path):
    with pytest.raises(Killed):
        setting(tmp_path / "run", kill_at=3)
    leftover = tmp_path / "run" / ".partial-checkpoint-4-abc"
    leftover.mkdir()
    _, found = setting(tmp_path / "run")
    assert found.resumed_from == 2
    assert not leftover.exists()


def test_loss_that_is_not_finite_stops_with_step_and_rows(setting, tmp_path):
    with pytest.raises(
        TrainingError, match=r"step \d+: the (loss|norm of the gradient) is (nan|inf).*row\d+"
    ):
        setting(tmp_path / "run", method="full", learning_rate=1e30, max_grad_norm=None, max_steps=20)


def test_order_and_dropout_follow_the_seed_and_not_the_global_generators(setting, tmp_path):
    first, _ = setting(tmp_path / "first")
    torch.manual_seed(12345)
    torch.rand(100)
    second, _ = setting(tmp_path / "second")
    for name, value in first.trainable.items():
        assert torch.equal(value, second.trainable[name])
