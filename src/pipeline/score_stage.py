"""The score stages of a run: lm-eval on the adapted model, before and after training."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from transformers import PreTrainedModel

from src.evaluate.harness import evaluate
from src.pipeline.prepare import Prepared
from src.pipeline.stage import Run
from src.pipeline.team import Team

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunScores:
    """Scores of one run's model, each with the samples behind them."""

    prepared: Prepared
    team: Team

    def of_base(self) -> dict[str, Any]:
        """Of the model before training."""
        with self.team.at_base():
            return self.prepared.base.scores(self.prepared.config.evaluate, self.of_tuned)

    def of_tuned(self) -> dict[str, Any]:
        """Of the model as it answers now."""
        prepared, config = self.prepared, self.prepared.config
        found = evaluate(
            cast(PreTrainedModel, prepared.adapted.model),  # peft hands on whatever it wraps
            prepared.adapted.loaded.tokenizer,
            list(prepared.splits.test),
            config.data,
            config.evaluate,
            prepared.base.folder,
            config.seed,
            self.team,
            prepared.splits.validation,
        )
        scores = [asdict(score) for score in found.scores]
        return {"scores": scores, "samples": found.samples, "settings": found.settings}


def keep_scores(run: Run, stage: str, compute: Callable[[], dict[str, Any]]) -> None:
    """The scores of base, tuned or a step between: computed once, kept, mirrored, and told in the log."""

    def scored() -> dict[str, Any]:
        found = compute()
        run.lock.check()
        run.folder.keep_samples(stage, found["samples"])
        kept = {key: found[key] for key in ("scores", "settings")}
        return kept | {"num_samples": len(found["samples"])}

    scores = run.once(f"scores-{stage}", scored)["scores"]
    run.tracker.scores(stage, scores)
    _tell(stage, scores)


def _tell(stage: str, scores: Sequence[dict[str, Any]]) -> None:
    for score in scores:
        spread = "" if score["stderr"] is None else f" ± {score['stderr']:.3f}"
        line = (stage, score["task"], score["metric"], f"{score['value']:.3f}{spread}", score["n"])
        _LOG.info("%s: %s %s %s (n=%d)", *line)
