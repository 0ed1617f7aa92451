"""Finished runs of a tiny model, made once: a band by LoRA, ranks of every block, a band of full weights."""

import pytest

from src.command.compose import run_config
from src.pipeline.pipeline import Pipeline
from src.run import execute

RUNS = {
    "midblock": ["method=midblock"],
    "ranks": ["method=lora", "method.ranks=[0,0,4,4,8,8,0,0,0,0]", "method.alpha=12"],
    "full": ["method=full", "band=00001", "method.train_outside=false"],
    "bfloat16": ["method=midblock", "model.dtype=bfloat16"],
}


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """finished(name): the folder of one of the runs."""
    root, made = tmp_path_factory.mktemp("export"), {}

    def folder(name):
        if name not in made:
            shared = ["debug=smoke", "metrics=none", "evaluate.limit=2"]
            paths = [f"paths.runs_dir={root}/runs", f"paths.cache_dir={root}/cache"]
            config = run_config(*shared, *paths, *RUNS[name])
            execute(config)
            made[name] = Pipeline(config).folder.path
        return made[name]

    return folder
