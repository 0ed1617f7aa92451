"""Compare two models without training, layer by layer on the same rows.

python -m src.compare base=olmo2_1b tuned=olmo2_1b:sft data=gsm8k
python -m src.compare base=FOLDER tuned=FOLDER metrics=shift probe.seeds=[0,1,2]
"""

import logging

import hydra
from omegaconf import DictConfig

from src.command.compose import CONF
from src.command.entry import run_hydra, run_job
from src.config.schema import PairConfig

_LOG = logging.getLogger(__name__)


def execute(config: PairConfig) -> None:
    """One comparison, from config to record; nothing is done when its record already says success."""
    from src.compare.comparison import Pair  # torch comes with it

    pair = Pair(config)
    if pair.folder.finished:
        _LOG.info("finished earlier: %s", pair.folder.path)
        return
    pair.probe()
    pair.record()
    _LOG.info("finished: %s", pair.folder.path)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="probe")
def job(composed: DictConfig) -> None:
    """What Hydra calls, once a job."""
    run_job(composed, PairConfig, execute)


if __name__ == "__main__":
    run_hydra(job, PairConfig, __doc__, "probe")
