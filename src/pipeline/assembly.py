"""What a run is made of, each part made when it is first asked for: model, objective, tokens."""

from functools import cached_property
from pathlib import Path

from transformers import PreTrainedModel

from src.config.schema import RunConfig
from src.control.control import Control
from src.control.make import make_control
from src.data.batches import num_steps
from src.data.encode import Encoded
from src.data.splits import load_splits
from src.errors import ModelError
from src.method.adapt import AdaptedModel, adapt
from src.method.band import resolve_band
from src.metrics.catalog import names_needing
from src.model.causal import is_causal
from src.model.load import load_model
from src.objective.catalog import make_objective
from src.objective.objective import Objective
from src.pipeline.base_cache import BaseCache, base_cache
from src.probe.lens.lens_pass import check_lens
from src.runtime.device import pick_device
from src.twin.pretraining import ensure_pretrained


class Assembly:
    """The constructor reads the rows; nothing heavier is done before it is needed."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.splits = load_splits(config.data, len(config.probe.seeds))
        self.cache = Path(config.paths.cache_dir)
        self.device = pick_device(config.device)

    @cached_property
    def adapted(self) -> AdaptedModel:
        """The model with its trainable band; it can have the objective."""
        config = self.config
        ensure_pretrained(config.model, self.cache)
        loaded = load_model(config.model, self.cache, self.device)
        objective = make_objective(config.objective, loaded.tokenizer, self.splits.train)
        objective.check(loaded.model)
        self._check_scores(loaded.model)
        if names_needing(config.metrics.names, "lens"):
            check_lens(loaded.model, loaded.blocks)
        blocks = resolve_band(config.band, loaded.num_blocks, config.seed)
        adapted = adapt(loaded, config.method, blocks, config.seed, config.model.lora_targets)
        if config.method.kind != "none":
            objective.prepare(adapted, config.seed)
        return adapted

    @cached_property
    def objective(self) -> Objective:
        """What training minimises."""
        return make_objective(self.config.objective, self.adapted.loaded.tokenizer, self.splits.train)

    @cached_property
    def encoded(self) -> Encoded:
        """The training rows as tokens, with whatever the objective looks at."""
        return self.objective.encode(self.splits.train, self.config.data.max_length)

    def _check_scores(self, model: PreTrainedModel) -> None:
        """ModelError where scores are asked of a model that cannot write text."""
        tasks = self.config.evaluate.tasks
        if tasks and (model.get_output_embeddings() is None or not is_causal(model)):
            raise ModelError(
                f"evaluate.tasks: given {', '.join(tasks)}, but {type(model).__name__} is no causal language "
                "model; accepted: evaluate=none"
            )

    @cached_property
    def control(self) -> Control:
        """What happens to each step after the optimizer made it."""
        steps = num_steps(self.config.train, len(self.encoded.rows))
        return make_control(self.config.control, self.adapted, steps)

    @cached_property
    def base(self) -> BaseCache:
        """The measurements of the untrained model."""
        mark, config = self.adapted.loaded.fingerprint, self.config
        return base_cache(self.cache, mark, config.model.dtype, self.device, self.splits, config.data)
