"""What a model cannot read is refused before anything is measured, wherever it is asked to read it."""

from dataclasses import replace

import pytest

from src.data.splits import load_splits
from src.errors import ModelError
from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import build_tiny
from src.pipeline.prepare import prepare


@pytest.mark.parametrize("where", ["train", "probe", "test"])
def test_a_row_with_an_id_beyond_the_embedding_is_refused(make_config, paths, tmp_path, where):
    tokenizer = byte_tokenizer()
    tokenizer.add_tokens(["zebra"])
    tokenizer.save_pretrained(tmp_path / "m")
    build_tiny("llama", 2, 16).save_pretrained(tmp_path / "m")
    config = make_config("debug=smoke", "model=hf", f"model.id={tmp_path}/m", "metrics=core", *paths)
    splits = load_splits(config.data, 1)
    first, *rest = getattr(splits, where)
    changed = replace(splits, **{where: [*rest, replace(first, prompt=f"zebra {first.prompt}")]})
    with pytest.raises(ModelError, match="gives the token id 258, but its embedding has 258 rows"):
        prepare(config, changed)
    if where == "test":
        prepare(replace(config, evaluate=replace(config.evaluate, tasks=["english"])), changed)
