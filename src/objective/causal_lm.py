"""Next-token cross-entropy on the supervised positions."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from src.config.objective import CausalLMSettings
from src.data.batches import collate
from src.data.encode import IGNORED, Encoded, EncodedRow, encode_rows
from src.data.rows import Row
from src.errors import ModelError
from src.model.causal import is_causal
from src.objective.head import chosen_logits
from src.objective.objective import Batch, Draw, Objective


class CausalLM(Objective):
    """Each supervised token is predicted from those before it; `supervise` says which tokens these are."""

    config: CausalLMSettings
    counted = "supervised_tokens"

    def check(self, model: PreTrainedModel) -> None:
        """ModelError if later tokens reach earlier predictions: the loss would be shown its answer."""
        require_causal(model)

    def encode(self, rows: Sequence[Row], max_length: int) -> Encoded:
        """Prompt, completion and end token, with labels where `supervise` says so."""
        return encode_rows(rows, self.tokenizer, max_length, self.config.supervise)

    def collate(self, rows: Sequence[EncodedRow], draw: Draw, first: int = 0) -> Batch:
        """input_ids, attention_mask, labels; nothing is drawn."""
        return collate(rows, self.tokenizer.pad_token_id)

    def count(self, batch: Batch) -> int:
        """Supervised tokens; the first of a row never is one, nothing predicts it."""
        return int((batch["labels"][:, 1:] != IGNORED).sum())

    def located(self, batch: Batch) -> Batch:
        """With the places that predict."""
        return batch | {"places": predicting(batch["labels"])}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
        """Summed cross-entropy in nats and the number of supervised tokens."""
        return causal_lm_loss(model, batch)


def causal_lm_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
    """Summed cross-entropy in nats and the number of supervised tokens.

    The sum, not the mean, is returned, so that accumulation over batches of unlike lengths stays exact.

    Args:
        model: a causal language model.
        batch: input_ids, attention_mask or position_ids, labels, each [row, token]; label -100 is not
            supervised. `places`: as `predicting` gives them, where they were found before.
    """
    logits, targets = predictions(model, batch)
    return functional.cross_entropy(logits, targets, reduction="sum"), len(targets)


def row_losses(model: nn.Module, batch: Batch) -> Tensor:
    """Mean cross-entropy of the supervised tokens of each row [row], nats a token; 0 of a row without any."""
    each = functional.cross_entropy(*predictions(model, batch), reduction="none")
    labels = batch["labels"]
    of_row = predicting(labels) // labels.shape[1]
    counts = (labels[:, 1:] != IGNORED).sum(1)
    return each.new_zeros(len(labels)).index_add(0, of_row, each) / counts.clamp(min=1)


def predicting(labels: Tensor) -> Tensor:
    """Places of [row, token], row-major, whose next token is supervised [chosen]; none is a row's last."""
    rows, tokens = (labels[:, 1:] != IGNORED).nonzero(as_tuple=True)
    return rows * labels.shape[1] + tokens


def predictions(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Logits [chosen, word] in float32, and the tokens that they should have foretold [chosen]."""
    places = batch["places"] if "places" in batch else predicting(batch["labels"])
    return chosen_logits(model, batch, places).float(), batch["labels"].flatten()[places + 1]


def require_causal(model: PreTrainedModel) -> None:
    """ModelError if later tokens reach earlier predictions: the loss would be shown its answer."""
    if model.get_output_embeddings() is None:
        name = type(model).__name__
        raise ModelError(f"objective=causal_lm: {name} has no output head; accepted: a causal language model")
    if not is_causal(model):
        raise ModelError(
            f"objective=causal_lm: {type(model).__name__} reads in both directions; "
            "accepted: a causal language model"
        )
