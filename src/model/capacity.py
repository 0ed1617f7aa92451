"""What a model has room for, told by its modules before anything is measured: token ids and positions."""

import logging
import re
from collections.abc import Iterable

from torch import nn
from transformers import PreTrainedModel

from src.errors import ConfigError, ModelError
from src.model.text_pass import text_pass
from src.model.trunk import token_table

_LOG = logging.getLogger(__name__)
_TABLE = re.compile(r"wpe|(?<!rel_)(?<!relative_)pos")  # as families name their table of positions


def check_room(model: PreTrainedModel, rows: Iterable[list[int]], pad_id: int, max_length: int) -> None:
    """Refuse rows of token ids that the model cannot look up; warn of positions that it was not trained on.

    Args:
        model: as it was loaded.
        rows: token ids of every row that will be shown to it, none of them empty.
        pad_id: what fills up a batch.
        max_length: data.max_length, to name in the error.

    Raises:
        ModelError: an id has no row in the embedding.
        ConfigError: a row is longer than the table of positions.
    """
    given = list(rows)
    check_ids(model, given, pad_id)
    longest = max(map(len, given), default=0)
    table, trained = num_positions(model), _trained_positions(model)
    beyond = table is None and trained is not None and longest > trained
    if beyond and text_pass(model, [], max(given, key=len)) is None:
        table = trained  # kept elsewhere than in a table: CTRL, MPT, RoFormer
    if table is not None and longest > table:
        raise ConfigError(
            f"data.max_length: given {max_length}, and the longest row has {longest} tokens; "
            f"accepted: at most {table}, the positions that {type(model).__name__} has"
        )
    alike = _alike_positions(model)
    if alike is not None and longest > alike:
        raise ConfigError(
            f"data.max_length: given {max_length}, and the longest row has {longest} tokens; accepted: at "
            f"most {alike}, beyond which one row moves the positions of others ({type(model).__name__})"
        )
    if beyond:
        _LOG.warning(
            "data.max_length=%d: rows of up to %d tokens, but %s was made for %d positions",
            *(max_length, longest, type(model).__name__, trained),
        )


def check_ids(model: PreTrainedModel, rows: Iterable[list[int]], pad_id: int) -> None:
    """Refuse rows of token ids, none of them empty, that have no place in the embedding.

    Raises:
        ModelError: an id has no row in the embedding.
    """
    largest, size = max(map(max, rows), default=0), len(token_table(model))
    if (largest := max(largest, pad_id)) >= size:
        raise ModelError(
            f"{type(model).__name__}: its tokenizer gives the token id {largest}, "
            f"but its embedding has {size} rows; accepted: a tokenizer that belongs to the model"
        )


def num_positions(model: PreTrainedModel) -> int | None:
    """The longest row that a model with a table of positions can read; None where it has no table.

    Some families leave out the first rows of the table: OPT two, RoBERTa those up to the one of padding. A
    table that lies elsewhere than the embedding of tokens is that of a tower for images or sound.
    """
    found = []
    text = _beside_embedding(model)
    for name, module in text.named_modules():
        if isinstance(module, nn.Embedding) and _TABLE.search(name.rpartition(".")[2]):
            skipped = 0 if module.padding_idx is None else module.padding_idx + 1
            found.append(module.num_embeddings - int(getattr(module, "offset", skipped)))
    found += [len(table) for name, table in text.named_buffers() if name.endswith("embed_positions")]
    return min(found, default=None)


def _beside_embedding(model: PreTrainedModel) -> nn.Module:
    """The module that holds the embedding of tokens, and with it what reads text."""
    embedding = model.get_input_embeddings()
    name = next(name for name, module in model.named_modules() if module is embedding)
    return model.get_submodule(name.rpartition(".")[0])


def _trained_positions(model: PreTrainedModel) -> int | None:
    """The positions that a model without a table was made for; most go on beyond them, untrained."""
    config = model.config.get_text_config()
    found = [getattr(config, name, None) for name in ("max_position_embeddings", "max_seq_len")]
    return next((one for one in found if isinstance(one, int) and one > 0), None)


def most_tokens(model: PreTrainedModel) -> int | None:
    """The longest row that a model has a table for, or else was made for; None where neither is told."""
    table = num_positions(model)
    known = [_trained_positions(model) if table is None else table, _alike_positions(model)]
    return min((one for one in known if one is not None), default=None)


def _alike_positions(model: PreTrainedModel) -> int | None:
    """The positions up to which a row has rotations of its own, where longer rows stretch those of a batch.

    `dynamic` and `longrope` choose frequencies by the longest row, padding included; `dynamic` keeps them for
    the next batch. None where frequencies are fixed.
    """
    config = model.config.get_text_config()
    given = getattr(config, "rope_parameters", None) or {}
    kinds = [kind for kind in (given, *given.values()) if isinstance(kind, dict)]  # of all layers, or by kind
    found = [config.max_position_embeddings for kind in kinds if kind.get("rope_type") == "dynamic"]
    found += [
        kind.get("original_max_position_embeddings") or config.max_position_embeddings
        for kind in kinds
        if kind.get("rope_type") == "longrope"
    ]
    return min(found, default=None)
