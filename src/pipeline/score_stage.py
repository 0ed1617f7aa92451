"""The score stages of a run: lm-eval on the adapted model, before and after training."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from src.config.schema import RunConfig
from src.data.rows import Row
from src.evaluate.harness import evaluate
from src.method.adapt import AdaptedModel
from src.method.weights import base_weights
from src.pipeline.base_cache import BaseCache

_LOG = logging.getLogger(__name__)


class RunScores:
    """Scores of one run's model."""

    def __init__(
        self,
        adapted: AdaptedModel,
        rows: Sequence[Row],
        config: RunConfig,
        base: BaseCache,
    ) -> None:
        self.adapted, self.rows, self.config, self.base = adapted, list(rows), config, base

    def of_base(self) -> dict[str, Any]:
        """Scores and samples of the model before training."""
        with base_weights(self.adapted):
            return self.base.scores(self.config.evaluate, self.of_tuned)

    def of_tuned(self) -> dict[str, Any]:
        """Scores and samples of the model as it answers now."""
        model, tokenizer, config = self.adapted.model, self.adapted.loaded.tokenizer, self.config
        folder = self.base.folder
        found = evaluate(model, tokenizer, self.rows, config.data, config.evaluate, folder, config.seed)
        return {"scores": [asdict(score) for score in found.scores], "samples": found.samples}


def tell_scores(stage: str, scores: Sequence[dict[str, Any]]) -> None:
    """One line in the log for each score."""
    for score in scores:
        spread = "" if score["stderr"] is None else f" ± {score['stderr']:.3f}"
        line = (stage, score["task"], score["metric"], f"{score['value']:.3f}{spread}", score["n"])
        _LOG.info("%s: %s %s %s (n=%d)", *line)
