"""An analysis of the trained model as a stage of its run."""

import logging
from pathlib import Path

from src.config.schema import RunConfig
from src.errors import ConfigError
from src.intervene.engine.sharing import in_step
from src.intervene.pair import pair_of
from src.intervene.study import Source, Study, tables_of
from src.pipeline.analyses import ANALYSES
from src.pipeline.prepare import Prepared
from src.pipeline.stage import Run
from src.runtime.launched import Launched
from src.train.collectives import all_reduce_any, is_first, num_ranks, rank

_LOG = logging.getLogger(__name__)


def intervene(run: Run) -> None:
    """Ask the trained model; the tables go into intervene/ of the run's folder.

    A run that has nothing to be asked about, such as a gain or a second run, is told so: that ends nothing.
    """
    if not run.config.intervention.asks or not run.prepared.trains:
        return
    if run.team.pieces is None:
        study = _measured(run.prepared, run.config, run.folder.path)
    else:
        study = run.team.in_unison(_measured_in_pieces)
    if study is not None:
        run.lock.check()
        study.write()


def _measured(prepared: Prepared, config: RunConfig, folder: Path) -> Study | None:
    chosen, adapted = config.intervention, prepared.adapted
    adapted.model.eval()
    source = Source(folder, lambda asked: pair_of(folder, config, adapted, asked), config)
    try:
        study = ANALYSES[chosen.kind]([source], chosen, tables_of([folder], chosen)[0])
        study.measure()
    except ConfigError as error:
        if is_first():
            _LOG.warning("%s", error)
        return None
    return study


def _measured_in_pieces(prepared: Prepared, config: RunConfig, folder: Path) -> Study | None:
    """On every rank of a model that none of them holds."""
    with in_step(Launched(rank(), num_ranks()), all_reduce_any):
        return _measured(prepared, config, folder)
