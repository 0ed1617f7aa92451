"""No training: the reference of every other method."""

from src.config.method import MethodConfig
from src.method.adapted import AdaptedModel
from src.method.method import Method
from src.model.loaded import LoadedModel


class Frozen(Method):
    """Nothing trains; the model is its own base."""

    def adapt(
        self,
        loaded: LoadedModel,
        config: MethodConfig,
        blocks: list[int],
        seed: int,
        lora_targets: list[str] | None,
    ) -> AdaptedModel:
        """The model as it is."""
        return AdaptedModel(loaded, loaded.model, config, blocks, [], [])
