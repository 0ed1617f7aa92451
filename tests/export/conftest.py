"""Finished runs of a tiny model, made once: a band by LoRA, ranks of every block, a band of full weights."""

import pytest

from src.command.compose import run_config
from src.pipeline.pipeline import Pipeline
from src.run import execute
from tests.made_chats import TEMPLATES, write_chats

RUNS = {
    "midblock": ["method=midblock"],
    "ranks": ["method=lora", "method.ranks=[0,0,4,4,8,8,0,0,0,0]", "method.alpha=12"],
    "full": ["method=full", "band=00001", "method.train_outside=false"],
    "bfloat16": ["method=midblock", "model.dtype=bfloat16"],
}


def chats(place):
    """Overrides of a run on chats, in a template of words."""
    path, template = write_chats(place / "chat.jsonl", 40), place / "words.jinja"
    template.write_text(TEMPLATES["plain words"])
    sizes = ["data.num_train=null", "data.num_probe=12", "data.num_test=8"]
    return ["method=midblock", "data=chat", f"data.path={path}", f"data.chat_template={template}", *sizes]


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """finished(name): the folder of one of the runs."""
    root, made = tmp_path_factory.mktemp("export"), {}

    def folder(name):
        if name not in made:
            shared = ["debug=smoke", "metrics=none", "evaluate.limit=2"]
            paths = [f"paths.runs_dir={root}/runs", f"paths.cache_dir={root}/cache"]
            own = chats(root) if name == "chat" else RUNS[name]
            config = run_config(*shared, *paths, *own)
            execute(config)
            made[name] = Pipeline(config).folder.path
        return made[name]

    return folder
