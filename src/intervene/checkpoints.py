"""Two folders of weights, or an adapter and its base, as a pair."""

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from torch import Tensor
from transformers import PreTrainedTokenizerBase

from src.command.compose import model_named
from src.config.pair import PairConfig
from src.config.schema import DataConfig
from src.data.chat.render import rendered
from src.data.encode import encode_rows
from src.data.rows import Row
from src.data.splits import load_splits
from src.errors import ModelError
from src.intervene.material import Asked, Material
from src.intervene.pair import Pair, check_own_blocks, replay_of, update_sizes
from src.model.adapter import adapter_content, is_adapter, merge_adapter
from src.model.content import model_content
from src.model.load import load_model
from src.model.loaded import LoadedModel
from src.record.identity import pair_id
from src.runtime.device import pick_device


def pair_folder(config: PairConfig) -> Path:
    """Where the files of the pair go; no weights are loaded.

    Raises:
        UserError: one of the two is no model, in one line.
    """
    base = model_named(config.base, config.dtype)
    adapter = Path(config.tuned) if is_adapter(config.tuned) else None
    tuned = adapter_content(adapter) if adapter else model_content(model_named(config.tuned, config.dtype))
    rows = [load_splits(config.data, trains=False).fingerprint]
    name = pair_id(config, rows, [model_content(base), tuned])
    return Path(config.paths.runs_dir) / config.experiment / name


def open_pair(config: PairConfig, asked: Asked) -> Pair:
    """Load both; the weights of the base are kept beside the tuned model.

    Raises:
        ModelError: the two read the rows differently, or have other blocks or shapes; nothing to compare.
    """
    cache, device = Path(config.paths.cache_dir), pick_device(config.device)
    base = load_model(model_named(config.base, config.dtype), cache, device)
    check_own_blocks(base)
    weights = {name: value.detach().clone() for name, value in base.model.named_parameters()}
    fingerprint, tokenizer, blocks = base.fingerprint, base.tokenizer, base.blocks
    if is_adapter(config.tuned):
        tuned = merge_adapter(base, Path(config.tuned))
    else:
        del base
        tuned = load_model(model_named(config.tuned, config.dtype), cache, device)
    _check_blocks(blocks, tuned)
    _check_weights(weights, tuned)
    rows = getattr(load_splits(config.data, trains=False), asked.split)[: asked.num_items]
    _check_tokens(rows, [tokenizer, tuned.tokenizer], config.data)
    replay = replay_of(tuned.model, tuned.blocks, weights)
    if not replay.gates.moved:
        _refuse("tuned", "the weights of base", "a model that tuning changed")
    sizes = update_sizes(replay.gates, tuned.model, tuned.blocks, weights)
    trained = [part for part in replay.gates.moved if isinstance(part, int)]
    key = [fingerprint, tuned.fingerprint, config.dtype]
    material = Material(tuned, config.data, asked)
    scores = material.scores
    return Pair(Path(config.tuned).name, replay, scores, key, trained, sizes, asked.batch_size, material)


def _check_blocks(blocks: list[str], tuned: LoadedModel) -> None:
    if len(blocks) != tuned.num_blocks:
        _refuse("tuned", f"{tuned.num_blocks} blocks", f"as many as base has, {len(blocks)}")


def _check_weights(base: Mapping[str, Tensor], tuned: LoadedModel) -> None:
    now = dict(tuned.model.named_parameters())
    for name in dict.fromkeys([*base, *now]):
        shapes = [tuple(side[name].shape) if name in side else "none" for side in (base, now)]
        if shapes[0] != shapes[1]:
            _refuse("tuned", f"{name} of shape {shapes[1]}", f"that of base, {shapes[0]}")


def _check_tokens(rows: list[Row], tokenizers: list[PreTrainedTokenizerBase], data: DataConfig) -> None:
    texts = [rendered(rows, one, data) for one in tokenizers]
    before, after = (
        {row.id: row for row in encode_rows(text, one, data.max_length, "completion").rows}
        for text, one in zip(texts, tokenizers, strict=True)
    )
    for row in rows:
        if before.get(row.id) != after.get(row.id):  # a prompt that is too long leaves none of its row
            _refuse(
                "tuned", f"other tokens in row {row.id}", "a tokenizer that cuts the rows as that of base"
            )


def _refuse(key: str, given: str, accepted: str) -> NoReturn:
    raise ModelError(f"{key}: given {given}; accepted: {accepted}")
