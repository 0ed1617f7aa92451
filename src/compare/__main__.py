"""Compare two models without training, layer by layer on the same rows.

python -m src.compare base=olmo2_1b tuned=olmo2_1b:sft data=gsm8k
python -m src.compare base=FOLDER tuned=FOLDER metrics=shift probe.seeds=[0,1,2]
"""

import logging
from dataclasses import replace
from pathlib import Path

import hydra
from omegaconf import DictConfig

from src.command.compose import CONF
from src.command.entry import run_hydra, run_job
from src.config.pair import PairConfig
from src.storage.files import is_url

_LOG = logging.getLogger(__name__)


def execute(config: PairConfig) -> None:
    """One comparison, from config to record; nothing is done when its record already says success."""
    from src.compare.comparison import Pair  # torch comes with it

    pair = Pair(_here(config))
    if pair.folder.finished:
        _LOG.info("finished earlier: %s", pair.folder.path)
        pair.note()
        return
    pair.probe()
    pair.record()
    pair.note()
    _LOG.info("finished: %s", pair.folder.path)


def _here(config: PairConfig) -> PairConfig:
    """The same comparison of copies on this machine, where a model or adapter is given by a URL."""
    from src.storage.remote import copied

    cache = Path(config.paths.cache_dir)
    given = (config.base, config.tuned)
    base, tuned = (str(copied(one, cache, weights=True)) if is_url(one) else one for one in given)
    return config if (base, tuned) == given else replace(config, base=base, tuned=tuned)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="probe")
def job(composed: DictConfig) -> None:
    """What Hydra calls, once a job."""
    run_job(composed, PairConfig, execute)


if __name__ == "__main__":
    run_hydra(job, PairConfig, __doc__, "probe")
