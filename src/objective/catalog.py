"""The objectives by name."""

from transformers import PreTrainedTokenizerBase

from src.config.schema import ObjectiveConfig
from src.objective.causal_lm import CausalLM
from src.objective.objective import Objective

OBJECTIVES: dict[str, type[Objective]] = {"causal_lm": CausalLM}


def make_objective(config: ObjectiveConfig, tokenizer: PreTrainedTokenizerBase) -> Objective:
    """The objective that `objective=` names, for models that read with this tokenizer."""
    return OBJECTIVES[config.name](config, tokenizer)
