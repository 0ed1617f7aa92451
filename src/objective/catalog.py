"""The objectives by name."""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from src.config.objective import ObjectiveSettings
from src.data.rows import Row
from src.objective.causal_lm import CausalLM
from src.objective.classification import Classification
from src.objective.contrastive import Contrastive
from src.objective.masked_lm import MaskedLM
from src.objective.objective import Objective
from src.objective.simcse import SimCSE

OBJECTIVES: dict[str, type[Objective]] = {
    "causal_lm": CausalLM,
    "masked_lm": MaskedLM,
    "contrastive": Contrastive,
    "simcse": SimCSE,
    "classification": Classification,
}


def make_objective(
    config: ObjectiveSettings, tokenizer: PreTrainedTokenizerBase, rows: Sequence[Row] = ()
) -> Objective:
    """The objective that `objective=` names, for models that read with this tokenizer.

    `rows` are the training rows; where the objective classifies, their labels are its classes.
    """
    return OBJECTIVES[config.name](config, tokenizer, rows)
