"""Next-token cross-entropy on the supervised positions."""

from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from src.data.encode import IGNORED
from src.errors import ModelError
from src.model.causal import is_causal
from src.objective.head import chosen_logits


def causal_lm_loss(model: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, int]:
    """Summed cross-entropy in nats and the number of supervised tokens.

    The sum, not the mean, is returned, so that accumulation over batches of unlike lengths stays exact.

    Args:
        model: a causal language model.
        batch: input_ids, attention_mask, labels, each [row, token]; label -100 is not supervised.
    """
    targets = batch["labels"][:, 1:]
    chosen = targets != IGNORED
    logits = chosen_logits(model, batch["input_ids"], batch["attention_mask"], chosen)
    loss = functional.cross_entropy(logits.float(), targets[chosen], reduction="sum")
    return loss, int(chosen.sum())


def require_causal(model: PreTrainedModel) -> None:
    """ModelError if later tokens reach earlier predictions: the loss would be shown its answer."""
    if not is_causal(model):
        raise ModelError(
            f"objective=causal_lm: {type(model).__name__} reads in both directions; "
            "accepted: a causal language model"
        )
