"""The causal depth profile as a stage of a run."""

import logging

from src.errors import ConfigError
from src.intervene.causal.study import Source, Study
from src.intervene.pair import Asked, pair_of
from src.pipeline.stage import Run

_LOG = logging.getLogger(__name__)


def intervene(run: Run) -> None:
    """Ask the trained model block by block; the tables go into intervene/ of the run's folder.

    A run without a gain has no profile, and is told so: that ends nothing.
    """
    chosen, folder = run.config.intervention, run.folder.path
    if chosen.kind != "causal" or not run.prepared.trains:
        return
    asked = Asked(chosen.num_items, chosen.num_passages, chosen.passage_tokens, chosen.batch_size)
    adapted = run.prepared.adapted
    adapted.model.eval()
    source = Source(folder, lambda what: pair_of(folder, run.config, adapted, what))
    study = Study([source], asked, chosen.controls, folder / "intervene")
    try:
        study.measure()
    except ConfigError as error:
        _LOG.warning("%s", error)
        return
    run.lock.check()
    study.write()
