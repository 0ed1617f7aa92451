"""What a comparison without training is made of."""

from dataclasses import dataclass

from src.config import rules
from src.config.data import DataConfig
from src.config.keys import NAME, PATH, declare
from src.config.metrics import MetricsConfig, ProbeConfig
from src.config.paths import PathsConfig
from src.config.places import check_name, settle


@dataclass(kw_only=True)
class PairConfig:
    """Two models to compare without training."""

    base: str = declare(place=PATH)
    """A hub id, a folder, or a name of conf/model; `:VARIANT` and `@REVISION` may follow."""
    tuned: str = declare(place=PATH)
    """A hub id, a folder, or a name of conf/model; `:VARIANT` and `@REVISION` may follow. For tuned also the
    folder of an adapter (adapter_config.json), which is added to base."""
    dtype: str = declare(among=rules.DTYPES)
    """float32, bfloat16 or float16: dtype of the weights of both."""
    experiment: str = declare(place=NAME)
    """The folder of the comparison below paths.runs_dir."""
    device: str = declare(among=rules.DEVICES)
    """auto, cpu or cuda."""
    probe: ProbeConfig
    data: DataConfig
    metrics: MetricsConfig
    paths: PathsConfig

    def __post_init__(self) -> None:
        settle(self)
        check_name("data.name and metrics.name", self.data.name, self.metrics.name)
        if self.base == self.tuned:
            rules.refuse("tuned", self.tuned, "another model than base")
