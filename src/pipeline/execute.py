"""One run, from its configuration to its record; nothing heavy is imported before it is executed."""

import logging

from src.command.announcement import announcement
from src.config.schema import RunConfig
from src.runtime.preemption import stop_if_asked

_LOG = logging.getLogger(__name__)


def execute(config: RunConfig) -> None:
    """One run, from config to record; nothing is done when its record already says success."""
    from src.pipeline.follow import follow
    from src.pipeline.pipeline import (
        Pipeline,  # torch comes with it: not before the config is known to be right
    )
    from src.train.ranks import Ranks

    with Ranks(config.train.num_processes) as ranks:
        if ranks.rank > 0:  # submitit starts every rank here; the configuration that counts is rank 0's
            follow(ranks)
        else:
            _LOG.info("%s", announcement(config))
            if config.train.num_processes == 1:  # several agree where to stop
                stop_if_asked()  # the imports took seconds
            Pipeline(config, ranks).walk()
