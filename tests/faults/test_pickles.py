"""A pickle in the place of any file that a run reads: nothing in it runs, and what it leads to is one line."""

import os
import pickle
import shutil
import signal

from fault_runs import count, only_run

from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import build_tiny
from src.storage import manifest


class Runs:
    """Unpickled, it makes a folder."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def plant(path, mark):
    """Replace a file by a pickle, and the sums of its folder by those that fit."""
    path.write_bytes(pickle.dumps(Runs(mark)))
    for folder in path.parents:
        if (folder / manifest.NAME).is_file() and path.name != manifest.NAME:
            (folder / manifest.NAME).unlink()
            manifest.write_manifest(folder)
            return


def test_no_file_of_a_run_a_cache_or_a_model_can_run_code(small, ended, tmp_path):
    """A run that was killed between two steps, its cache, and the folder of its model."""
    root, mark = tmp_path / "once", tmp_path / "it ran"
    model = root / "model"
    build_tiny("llama", 4, 64).save_pretrained(model)
    byte_tokenizer().save_pretrained(model)
    chosen = ("model=hf", f"model.id={model}", "evaluate.limit=2")
    for place in range(20, 2000):  # the first place at which a checkpoint lies there and no adapter yet
        assert ended(small(*chosen, root=root), events=place) == -signal.SIGKILL
        if list(root.glob("runs/*/*/checkpoint-*")):
            break
    files = sorted(
        path.relative_to(root) for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"
    )
    assert {path.parts[0] for path in files} == {"runs", "cache", "model"}
    for number, path in enumerate(files):
        again = tmp_path / str(number)
        shutil.copytree(root, again)
        plant(again / path, mark)
        status = ended(small("model=hf", f"model.id={again / 'model'}", "evaluate.limit=2", root=again))
        said = (tmp_path / "output.txt").read_text().splitlines()
        assert not mark.exists(), path
        assert status == 0 or (status == 2 and said[-1].startswith("strata: ")), (path, status, said[-3:])
        shutil.rmtree(again)
    count("a pickle in the place of a file", "not run: refused in one line, or made anew", len(files))


def test_an_adapter_can_run_no_code(small, ended, tmp_path):
    """A finished run whose last stages are asked for again."""
    mark = tmp_path / "it ran"
    assert ended(small()) == 0
    kept = only_run(tmp_path / "runs")
    (kept / "run.json").unlink()
    (kept / "stages" / "probe.json").unlink()
    files = sorted(path.relative_to(kept) for path in (kept / "adapter").iterdir())
    whole = shutil.copytree(kept, tmp_path / "whole")
    for path in files:
        plant(kept / path, mark)
        assert ended(small()) in (0, 2)
        assert not mark.exists(), path
        shutil.rmtree(kept)
        shutil.copytree(whole, kept)
    count("a pickle in the place of a file", "not run: refused in one line, or made anew", len(files))
