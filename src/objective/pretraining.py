"""The objective that a model was pretrained with, as far as its architecture tells."""

from dataclasses import replace

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from src.config.schema import ObjectiveConfig
from src.model.causal import is_causal
from src.objective.catalog import make_objective
from src.objective.objective import Objective


def pretraining_objective(
    config: ObjectiveConfig, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> Objective:
    """causal_lm for a causal model, masked_lm for one that reads both ways, on every token of a text.

    INFERRED: real pretraining may have had more parts (next sentences, contrasts).

    Raises:
        ModelError: the model has no head for it.
    """
    name = "causal_lm" if is_causal(model) else "masked_lm"
    objective = make_objective(replace(config, name=name, supervise="all"), tokenizer)
    objective.check(model)
    return objective
