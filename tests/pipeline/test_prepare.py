"""What a model cannot read is refused before anything is measured, wherever it is asked to read it."""

from dataclasses import replace

import pytest

from src.data.splits import load_splits
from src.errors import ModelError, UserError
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


TEXT = ("data=english_miniature", "data.num_train=8", "data.num_probe=4", "data.num_test=4")
BOTH_WAYS = ("objective=masked_lm", "model=tiny_bert", "model.num_blocks=2", "model.width=16")
EARLY = {
    "a rank above the width": (("train.activation_rank=17",), "given 17; accepted: at most 16, the width"),
    "a trigger before nothing": ((*TEXT, "intervention=eraser"), "without a prompt"),
    "the head of a masked model": ((*TEXT, *BOTH_WAYS, "intervention=lens"), "reads in both directions"),
    "its carrier": ((*TEXT, *BOTH_WAYS, "intervention=carrier"), "reads in both directions"),
    "its whole texts": ((*TEXT, *BOTH_WAYS, "intervention=swap_published"), "reads in both directions"),
    "layers that are one block": (
        (*TEXT, *BOTH_WAYS, "model=tiny_albert", "intervention=causal"),
        "that are one block",
    ),
}


@pytest.mark.parametrize("what", EARLY)
def test_what_an_analysis_or_a_rank_cannot_have_is_told_before_training(make_config, paths, what):
    overrides, line = EARLY[what]
    small = ("debug=smoke", "model=tiny_llama", "model.num_blocks=2", "model.width=16")
    config = make_config(*small, "evaluate=none", "metrics=none", "method=lora", *overrides, *paths)
    with pytest.raises(UserError, match=line):
        prepare(config)
