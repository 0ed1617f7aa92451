"""An analysis of the trained model as a stage of its run."""

import logging

from src.errors import ConfigError
from src.intervene.pair import pair_of
from src.intervene.study import Source, tables_of
from src.pipeline.analyses import ANALYSES
from src.pipeline.stage import Run

_LOG = logging.getLogger(__name__)


def intervene(run: Run) -> None:
    """Ask the trained model; the tables go into intervene/ of the run's folder.

    A run that has nothing to be asked about, such as a gain or a second run, is told so: that ends nothing.
    """
    chosen, folder = run.config.intervention, run.folder.path
    if not chosen.asks or not run.prepared.trains:
        return
    adapted = run.prepared.adapted
    adapted.model.eval()
    source = Source(folder, lambda asked: pair_of(folder, run.config, adapted, asked), run.config)
    try:
        study = ANALYSES[chosen.kind]([source], chosen, tables_of([folder], chosen)[0])
        study.measure()
    except ConfigError as error:
        _LOG.warning("%s", error)
        return
    run.lock.check()
    study.write()
