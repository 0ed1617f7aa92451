"""A job that was suspended until another took its folder over writes nothing more into it."""

from dataclasses import replace

import pytest

from src.errors import LockedError
from src.pipeline.pipeline import Pipeline
from src.pipeline.score_stage import keep_scores
from src.runtime.preemption import Preempted
from src.storage import owner


def taken_over(folder):
    """What another job has made of the folder, while this one's heart has not beaten since."""
    owner.write_owner(folder, replace(owner.myself(), host="node7", boot="another", token="x"))
    (folder / "run.json").write_text('{"status": "success"}')
    (folder / "stages").mkdir()
    return contents(folder)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("error", [Preempted, RuntimeError, None], ids=["stopped", "failed", "goes on"])
def test_the_new_owner_s_files_stay(make_config, paths, error):
    pipeline = Pipeline(make_config("debug=smoke", "metrics=none", "record=none", *paths))
    folder, computed = pipeline.folder.path, []

    def scores():
        computed.append(taken_over(folder))
        if error is not None:
            raise error
        return {"scores": [], "samples": [], "settings": {}}

    with pytest.raises(error or LockedError), pipeline.opened() as run:
        keep_scores(run, "base", scores)
    assert contents(folder) == computed[0]
