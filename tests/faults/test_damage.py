"""Files that lost their end or a bit: found, named or made anew, never a number."""

import os
import random
import shutil
import signal

from fault_runs import assert_same, count, only_run

TIMES = 12


def damage(path, draw) -> None:
    """Cut a file off, or flip one bit of it."""
    content = bytearray(path.read_bytes())
    if draw.random() < 0.5 or not content:
        del content[draw.randrange(len(content.rstrip()) or 1) :]  # a last line feed is no loss
    else:
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def test_a_damaged_checkpoint_is_named(small, start, ended, whole, tmp_path):
    draw = random.Random(5)
    root = tmp_path / "once"
    for place in range(20, 2000):  # the first place at which a checkpoint lies there and no adapter yet
        if ended(small(root=root), events=place) != -signal.SIGKILL:
            break
        if list(root.glob("runs/*/*/checkpoint-*")):
            break
    kept = only_run(root / "runs")
    files = sorted(path.relative_to(kept) for path in kept.glob("checkpoint-*/**/*") if path.is_file())
    assert files
    for number in range(TIMES):
        again = tmp_path / str(number)
        shutil.copytree(root, again)
        folder = again / kept.relative_to(root)
        damage(folder / draw.choice(files), draw)
        before = (tmp_path / "output.txt").stat().st_size
        assert ended(small(root=again)) == 2
        said = (tmp_path / "output.txt").read_bytes()[before:].decode().splitlines()[-1]
        assert said.startswith("strata: ")
        assert "checkpoint-" in said
        for checkpoint in folder.glob("checkpoint-*"):  # as the line advises
            shutil.rmtree(checkpoint)
        assert ended(small(root=again)) == 0
        assert_same(folder, whole)
    count("checkpoint cut off or one bit flipped", "one line that names it, then anew, bit for bit", TIMES)


def test_a_damaged_cache_is_made_anew(small, ended, whole, tmp_path):
    draw = random.Random(6)
    shutil.copytree(whole.parents[2] / "cache", tmp_path / "cache")
    files = sorted(
        path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"
    )
    assert files
    for number in range(TIMES):
        damage(files[number % len(files)], draw)
        assert ended(small()) == 0, (tmp_path / "output.txt").read_text()
        assert_same(only_run(tmp_path / "runs"), whole)
        shutil.rmtree(tmp_path / "runs")
    assert "made anew" in (tmp_path / "output.txt").read_text()
    count("cached file cut off or one bit flipped", "made anew, bit for bit", TIMES)


def test_a_damaged_adapter_is_named(small, ended, tmp_path):
    draw = random.Random(7)
    assert ended(small()) == 0
    folder = only_run(tmp_path / "runs")
    (folder / "run.json").unlink()
    (folder / "stages" / "probe.json").unlink()
    weights = folder / "adapter" / "adapter_model.safetensors"
    whole_file = weights.read_bytes()
    for _ in range(TIMES):
        damage(weights, draw)
        assert ended(small()) == 2
        assert "adapter_model.safetensors" in (tmp_path / "output.txt").read_text().splitlines()[-1]
        weights.write_bytes(whole_file)
    assert ended(small()) == 0
    count("adapter cut off or one bit flipped", "one line that names it", TIMES)
    os.sync()
