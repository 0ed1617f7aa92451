"""What loading a model yields."""

from dataclasses import dataclass

from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from src.model.trunk import token_table


@dataclass
class LoadedModel:
    """A model in eval mode on its device, its tokenizer, and the stack of blocks inside it."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    blocks: list[str]
    """Dotted module names of the blocks, from input to output."""
    family: str
    """Model type of the configuration, such as `llama`."""
    id: str
    """Hub id, local folder, package or name of the tiny model."""
    revision: str | None
    """The resolved commit of a hub model; None for everything else."""
    fingerprint: str
    """Changes when the weights change."""
    num_applications: int = 1
    """How often a pass goes through the blocks; above 1 where one block is every layer (ALBERT)."""

    @property
    def num_blocks(self) -> int:
        """Number of blocks, each with weights of its own."""
        return len(self.blocks)

    @property
    def layers(self) -> list[str]:
        """The block behind each layer from 1 on: `blocks`, or the one that all layers share, L times."""
        return self.blocks * self.num_applications

    @property
    def num_layers(self) -> int:
        """L: hidden states have layers 0 to L. The number of blocks, unless one is shared."""
        return self.num_blocks * self.num_applications

    @property
    def width(self) -> int:
        """Width of the residual stream."""
        return residual_width(self.model)

    def block(self, index: int) -> nn.Module:
        """The block `index`, counted from 0 at the input."""
        return self.model.get_submodule(self.blocks[index])


def residual_width(model: PreTrainedModel) -> int:
    """Width of the residual stream: `hidden_size` of the configuration, else the embedding's.

    The configuration comes first because some families embed tokens at another width and project them.
    """
    width = getattr(model.config.get_text_config(), "hidden_size", None)
    return int(width if width is not None else token_table(model).shape[1])
