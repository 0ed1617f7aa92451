"""Train a band, probe every layer, evaluate, record.

python -m src.run model=olmo2_7b method=midblock
"""

import logging
import os
import sys
from typing import TYPE_CHECKING

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from src.compose import CONF, CONFIG_ERRORS, one_line, quote_patterns, typed
from src.errors import UserError

if TYPE_CHECKING:
    from src.config.schema import RunConfig

_LOG = logging.getLogger(__name__)


def execute(config: "RunConfig") -> None:
    """One run, from config to record; nothing is done when its record already says success."""
    from src.pipeline import Pipeline  # torch comes with it: not before the config is known to be right

    pipeline = Pipeline(config)
    if pipeline.folder.finished:
        _LOG.info("finished earlier: %s", pipeline.folder.path)
        return
    with pipeline.opened():
        pipeline.score_base()
        pipeline.train()
        pipeline.probe()
        pipeline.score_tuned()
        pipeline.record()
    _LOG.info("finished: %s", pipeline.folder.path)


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def job(composed: DictConfig) -> None:
    """What Hydra calls, once a job."""
    try:
        execute(typed(composed))
    except UserError as error:
        if HydraConfig.get().mode == RunMode.MULTIRUN:
            raise  # the other jobs of the sweep go on; the first error is told at the end
        leave(str(error))


def leave(line: str) -> None:
    """Say one line and exit with status 2: something the user can mend."""
    print(f"strata: {' '.join(line.split())}", file=sys.stderr)
    sys.exit(2)


def main() -> None:
    """The entry point: every error that a person can mend is one line."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra hands its errors over instead of printing them
    sys.argv[1:] = quote_patterns(sys.argv[1:])
    try:
        job()
    except CONFIG_ERRORS as error:
        leave(one_line(error))
    except UserError as error:
        leave(str(error))


if __name__ == "__main__":
    main()
