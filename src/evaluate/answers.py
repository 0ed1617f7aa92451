"""What a model says to a batch of prompts."""

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from src.evaluate.engine.catalog import engine_for
from src.evaluate.engine.decoding import Decoding
from src.evaluate.generation import neutral_generation


def answers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: list[list[int]],
    how: tuple[str, Decoding],
) -> list[list[int]]:
    """New tokens behind each prompt; `how` is the name of an engine and its settings."""
    name, decoding = how
    with neutral_generation(model):
        return engine_for(name, decoding)(model, tokenizer, prompts, decoding).tokens
