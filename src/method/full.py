"""Full training: the weights of a band themselves."""

from src.config.method import MethodConfig
from src.method.adapted import AdaptedModel, blocks_of, owner
from src.method.method import Method
from src.model.loaded import LoadedModel


class Full(Method):
    """The blocks of the band, and what lies outside of blocks where the band is the whole stack."""

    def adapt(
        self,
        loaded: LoadedModel,
        config: MethodConfig,
        blocks: list[int],
        seed: int,
        lora_targets: list[str] | None,
    ) -> AdaptedModel:
        """Let the weights of the band have gradients, and keep what they were."""
        whole = len(blocks) == loaded.num_blocks
        outside = whole if config.train_outside is None else config.train_outside
        for block in blocks:
            loaded.model.get_submodule(loaded.blocks[block]).requires_grad_(True)
        if outside:
            for name, value in loaded.model.named_parameters():
                if not any(name.startswith(block + ".") for block in loaded.blocks):
                    value.requires_grad_(True)
        adapted = AdaptedModel(loaded, loaded.model, config, blocks, [], [])
        adapted.modules = sorted({owner(name) for name in adapted.trainable})
        adapted.blocks = blocks_of(adapted.modules, loaded)
        adapted.originals = {name: value.detach().clone() for name, value in adapted.trainable.items()}
        return adapted
