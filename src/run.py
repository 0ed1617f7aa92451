"""Train a band, probe every layer, evaluate, record.

python -m src.run model=olmo2_7b method=midblock          one run
python -m src.run -m method=lora,midblock seed=0,1,2      several
python -m src.run model=tiny_llama --cfg job              show the configuration and stop
python -m src.run record=online                           also send it to W&B, where there is a key
python -m src.report runs/EXPERIMENT                      tables and figures of what is there
"""

import hydra
from omegaconf import DictConfig

from src.command.compose import CONF
from src.command.entry import run_hydra, run_job
from src.command.program import run_command
from src.config.schema import RunConfig
from src.pipeline.execute import execute
from src.runtime.launched import launched


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def job(composed: DictConfig) -> None:
    """What Hydra calls, once a job."""
    run_job(composed, RunConfig, execute)


def main() -> None:
    """The entry point; of processes that were started together only rank 0 composes a configuration."""
    rank, count = launched()
    if count == 1:  # torch is not imported before the configuration is known to be right
        run_hydra(job, RunConfig, __doc__, "config")
        return
    from src.pipeline.follow import follow_all
    from src.train.ranks import Ranks, leading

    if rank == 0:
        with leading():
            run_hydra(job, RunConfig, __doc__, "config")
    else:
        run_command(lambda: follow_all(Ranks(count)))


if __name__ == "__main__":
    main()
