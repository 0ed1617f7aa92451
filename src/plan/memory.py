"""Bytes that a training step holds at once, counted on a skeleton of the model and not from a formula.

What autograd keeps for backward is counted by torch's own hook on saved tensors, so that the band, the
dropout and the cast of the adapters enter as they are. Every storage counts once, weights do not count.
"""

from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from src.config.schema import RunConfig
from src.method.adapted import AdaptedModel
from src.method.band import trained_blocks
from src.method.catalog import adapt
from src.model.loaded import LoadedModel
from src.model.quantized import bytes_in, quantized_names
from src.plan.skeleton import skeleton
from src.runtime.kept_bytes import kept_bytes

ADAM_MOMENTS = 2


@dataclass(frozen=True)
class MemoryEstimate:
    """One method on one device; bytes, except where it says otherwise."""

    method: str
    blocks: list[int]
    """Trained blocks."""
    num_blocks: int
    trainable: int
    """Parameters."""
    weights: int
    gradients: int
    optimizer: int
    activations: int
    """What is kept for backward, block insides and head."""
    activations_checkpointed: int
    """The same with train.activation_checkpointing: inputs of the blocks, the inside of one, head."""
    num_ranks: int
    """Processes that weights, gradients and moments are sharded over; each has its part of the batch."""
    gathered: int
    """What is whole on a rank while it computes: embeddings, head, and two blocks, one of them on its way."""
    in_pieces: bool
    """Whether the model stays sharded while it is measured."""
    flops: float
    """Of one optimizer step, forward and backward, attention's products of tokens left out."""

    @property
    def backward_blocks(self) -> int:
        """Blocks that backward passes: from the lowest trained one up."""
        return self.num_blocks - min(self.blocks, default=self.num_blocks)

    def total(self, checkpointed: bool) -> int:
        """Everything at once, on each rank while it trains; before and after it is `measuring`."""
        kept = self.activations_checkpointed if checkpointed else self.activations
        sharded = (self.weights + self.gradients + self.optimizer) // self.num_ranks
        return sharded + kept + (self.gathered if self.num_ranks > 1 else 0)

    @property
    def measuring(self) -> int:
        """Weights on each rank while the model is probed and scored, with what is whole while it computes."""
        return self.weights // self.num_ranks + self.gathered if self.in_pieces else self.weights


def estimate(config: RunConfig) -> MemoryEstimate:
    """What one step of a run needs on one device.

    Every position is taken for a supervised one, so the output head's share is the largest it can be.
    """
    loaded = skeleton(config.model)
    blocks = trained_blocks(config.band, loaded, config.seed)
    saved = _saved(loaded, config.model.quantization)
    with torch.device("meta"):
        adapted = adapt(loaded, config.method, blocks, config.seed, config.model.lora_targets)
    parameters = list(adapted.model.parameters())
    trained = [value for value in parameters if value.requires_grad]
    num_ranks = config.train.num_processes
    shape = (config.train.batch_size // num_ranks, config.data.max_length)
    precision = torch.bfloat16 if config.train.precision == "bfloat16" else None
    inside, head, one_input = _kept(adapted, shape, precision)
    lowest = min(adapted.blocks, default=loaded.num_blocks)
    num_kept = (loaded.num_blocks - lowest) * loaded.num_applications
    originals = sum(_bytes(value) for value in adapted.originals.values())
    return MemoryEstimate(
        method=config.method.name,
        blocks=adapted.blocks,
        num_blocks=loaded.num_blocks,
        trainable=sum(value.numel() for value in trained),
        weights=sum(map(_bytes, parameters)) + originals - saved,
        gradients=sum(map(_bytes, trained)),
        optimizer=ADAM_MOMENTS * sum(map(_bytes, trained)),
        activations=inside + head,
        activations_checkpointed=num_kept * one_input + (inside // num_kept if num_kept else 0) + head,
        num_ranks=num_ranks,
        gathered=_gathered(adapted),
        in_pieces=config.train.in_pieces,
        flops=config.train.gradient_accumulation_steps
        * num_ranks
        * _flops(adapted, lowest, shape[0] * shape[1]),
    )


def _kept(
    adapted: AdaptedModel, shape: tuple[int, int], precision: torch.dtype | None
) -> tuple[int, int, int]:
    """Bytes kept inside all blocks, by the head and the loss, and the size of one block's input.

    Fake tensors say that they lie on a CPU: attention takes a fused kernel there, as on a GPU, where the
    meta device would keep every pair of tokens.
    """
    with FakeTensorMode(allow_non_fake_inputs=True):
        adapted.model.to_empty(device="cpu")
        return _kept_by_fakes(adapted, torch.zeros(shape, dtype=torch.long), precision)


def _kept_by_fakes(
    adapted: AdaptedModel, tokens: torch.Tensor, precision: torch.dtype | None
) -> tuple[int, int, int]:
    trunk, head = adapted.loaded.model.base_model, _head(adapted.loaded.model)
    adapted.model.train()
    autocast = torch.autocast("cpu", dtype=precision) if precision else nullcontext()
    # A mask of whole rows: how one is made from the padding depends on values, which a skeleton has not.
    mask = tokens.new_ones(len(tokens), 1, tokens.shape[1], tokens.shape[1], dtype=torch.bool)
    with kept_bytes(adapted.model.parameters()) as kept, autocast:
        states = trunk(input_ids=tokens, attention_mask=mask, use_cache=False).last_hidden_state
        inside = kept()
        logits = head(states).float()
        if logits.requires_grad:
            cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="sum")
        everything = kept()
    return inside, everything - inside, states.numel() * states.element_size()


def _head(model: PreTrainedModel) -> nn.Module:
    """What makes logits of the trunk's states: the output head, with what an encoder has before it."""
    last = model.get_output_embeddings()
    around = [child for child in model.children() if child is not model.base_model]
    return next((child for child in around if any(part is last for part in child.modules())), last)


def _saved(loaded: LoadedModel, quantization: str) -> int:
    """Bytes of the linear layers of all blocks that holding them in fewer bits saves."""
    if quantization == "none":
        return 0
    weights = [
        loaded.model.get_parameter(f"{name}.weight") for name in quantized_names(loaded.model, loaded.blocks)
    ]
    return sum(_bytes(weight) - bytes_in(quantization, weight) for weight in weights)


def _gathered(adapted: AdaptedModel) -> int:
    """Bytes of the parameters outside of the blocks, and of the two largest blocks."""
    everything = sum(map(_bytes, adapted.model.parameters()))
    model = adapted.loaded.model
    blocks = sorted(
        sum(map(_bytes, model.get_submodule(name).parameters())) for name in adapted.loaded.blocks
    )
    return everything - sum(blocks) + sum(blocks[-2:])


def _flops(adapted: AdaptedModel, lowest: int, num_tokens: int) -> float:
    """2 a weight and token forward, 2 more where a gradient passes, 2 more where the weight trains."""
    model, blocks, times = adapted.loaded.model, adapted.loaded.blocks, adapted.loaded.num_applications
    total = 0.0
    for index, name in enumerate(blocks):
        for value in model.get_submodule(name).parameters():
            total += times * value.numel() * (2 + 2 * (index >= lowest) + 2 * value.requires_grad)
    head: nn.Module = model.get_output_embeddings()
    return num_tokens * (total + 4 * sum(value.numel() for value in head.parameters()))


def _bytes(value: torch.Tensor) -> int:
    return value.numel() * value.element_size()
