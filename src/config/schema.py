"""What a command is made of; the groups themselves stand in the files beside this one.

No defaults here or there: every value comes from a file in `conf/`. Nothing in this package imports torch,
so a config error answers at once.
"""

from dataclasses import dataclass

from src.config import rules
from src.config.band import BandConfig
from src.config.control import ControlConfig
from src.config.data import DataConfig
from src.config.evaluate import VALIDATION, EvaluateConfig
from src.config.intervention import InterventionConfig
from src.config.keys import NAME, declare
from src.config.method import MethodConfig
from src.config.metrics import MetricsConfig, ProbeConfig
from src.config.model import ModelConfig, PretrainingConfig
from src.config.objective import KINDS, ObjectiveConfig
from src.config.paths import PathsConfig
from src.config.places import check_name, settle
from src.config.record import RecordConfig
from src.config.train import TrainConfig

__all__ = [
    "BandConfig",
    "ControlConfig",
    "DataConfig",
    "EvaluateConfig",
    "InterventionConfig",
    "MethodConfig",
    "MetricsConfig",
    "ModelConfig",
    "ObjectiveConfig",
    "PathsConfig",
    "PretrainingConfig",
    "ProbeConfig",
    "RecordConfig",
    "RunConfig",
    "TrainConfig",
]


@dataclass(kw_only=True)
class RunConfig:
    """One run, complete."""

    seed: int = declare(least=0)
    """Of initialisation, order, dropout and `band=random`; the choice of rows has data.seed. [no unit]"""
    experiment: str = declare(hashed=False, place=NAME)
    """The folder of the run below paths.runs_dir."""
    fidelity: str | None = declare(hashed=False)
    """published or sound: the label of what conf/fidelity set; null where no published study is repeated."""
    device: str = declare(hashed=False, among=rules.DEVICES)
    """auto, cpu or cuda."""
    model: ModelConfig
    method: MethodConfig
    band: BandConfig
    objective: ObjectiveConfig
    control: ControlConfig
    data: DataConfig
    train: TrainConfig
    metrics: MetricsConfig
    probe: ProbeConfig
    evaluate: EvaluateConfig
    intervention: InterventionConfig = declare(neutral=InterventionConfig(), hashed=False)
    record: RecordConfig = declare(hashed=False)
    paths: PathsConfig = declare(hashed=False)

    def __post_init__(self) -> None:
        settle(self)
        names = (self.method.name, self.model.name, self.data.name)
        check_name("method.name, model.name and data.name", *names)
        if self.control.kind != "none" and not self.method.of_kind.trains:
            accepted = "control=none with a method that trains nothing"
            rules.refuse("control.kind", self.control.kind, accepted)
        if self.train.activation_rank is not None and not self.method.of_kind.trains:
            accepted = "null with a method that trains nothing"
            rules.refuse("train.activation_rank", self.train.activation_rank, accepted)
        if self.model.quantization != "none":
            self._check_quantized()
        if self.train.num_processes > 1:
            self._check_sharded()
        for name in set(self.evaluate.tasks) & set(self.evaluate.retention_tasks):
            generator = self.evaluate.retention_tasks[name].generator
            if generator is not None and generator == self.data.generator and self.data.path is None:
                rules.refuse("evaluate.tasks", name, f"no ability that data={self.data.name} trains on")
        if self.objective.of_kind.of_pairs and self.train.batch_size < 2:
            accepted = f"at least 2 with objective={self.objective.name}: negatives lie in one batch"
            rules.refuse("train.batch_size", self.train.batch_size, accepted)
        if not self.objective.of_kind.repeatable and self.train.activation_checkpointing:
            accepted = (
                f"false with objective={self.objective.name}, whose dropout a second pass through a block "
                "would not repeat"
            )
            rules.refuse("train.activation_checkpointing", True, accepted)
        if VALIDATION in self.evaluate.tasks and not self.data.num_validation:
            rules.refuse("data.num_validation", 0, "at least 1 with validation among evaluate.tasks")
        if self.data.select != "none":
            self._check_selection()
            for key in ("group_by_length", "packing", "compile"):
                if getattr(self.train, key):
                    accepted = "false with data.select, which looks at every candidate by itself"
                    rules.refuse(f"train.{key}", True, accepted)
        if self.train.packing and self.objective.name != "causal_lm":
            accepted = f"false with objective={self.objective.name}, which reads rows as wholes"
            rules.refuse("train.packing", True, accepted)
        if self.method.penalty == "kl" and self.objective.name != "causal_lm":
            accepted = f"none, or a penalty of weights, with objective={self.objective.name}"
            rules.refuse("method.penalty", "kl", accepted)
        if self.intervention.asks and self.objective.name not in ("causal_lm", "masked_lm"):
            accepted = f"none with objective={self.objective.name}, which has no completion to score"
            rules.refuse("intervention.kind", self.intervention.kind, accepted)
        if self.method.of_kind.in_place and self.model.dtype != "float32":
            rules.refuse(
                "method.kind=full with model.dtype",
                self.model.dtype,
                "float32 (small updates vanish in 16 bits); train.precision=bfloat16 still computes in 16",
            )

    def _check_selection(self) -> None:
        """Refuse a selection of rows where a row has no gradient of its own, or none is looked at."""
        accepted = "none"
        if not self.method.of_kind.trains:
            accepted += " with a method that trains nothing"
        elif self.objective.name != "causal_lm":
            accepted += f" with objective={self.objective.name}, or objective=causal_lm"
        elif self.train.activation_checkpointing:
            accepted += ", or train.activation_checkpointing=false"
        elif self.train.num_processes > 1:
            accepted += ", or train.num_processes=1"
        else:
            return
        rules.refuse("data.select", self.data.select, accepted)

    def _check_quantized(self) -> None:
        """Refuse what would change or differentiate weights that are codes and scales."""
        told = f"none with model.quantization={self.model.quantization}"
        if self.method.of_kind.in_place:
            accepted = f"none with method={self.method.name}, or method=lora and the bands that use it"
            rules.refuse("model.quantization", self.model.quantization, accepted)
        if self.control.kind != "none":
            rules.refuse("control.kind", self.control.kind, told)
        if self.method.penalty not in ("none", "kl"):
            rules.refuse("method.penalty", self.method.penalty, f"kl or {told}")
        if self.intervention.asks:
            accepted = f"{told}; the finished run can be asked, with python -m src.intervene"
            rules.refuse("intervention.kind", self.intervention.kind, accepted)
        if self.train.num_processes > 1:
            accepted = f"1 with model.quantization={self.model.quantization}"
            rules.refuse("train.num_processes", self.train.num_processes, accepted)

    def _check_sharded(self) -> None:
        """Refuse what needs the whole model between two steps, or all rows of a batch at once."""
        given = f"{self.train.num_processes}, with"
        if self.method.penalty != "none":
            penalised = f"{given} method.penalty={self.method.penalty}"
            rules.refuse("train.num_processes", penalised, "method.penalty=none, or 1")
        if self.evaluate.every_steps is not None:
            every = f"{given} evaluate.every_steps={self.evaluate.every_steps}"
            rules.refuse("train.num_processes", every, "evaluate.every_steps=null, or 1")
        if self.train.in_pieces:
            self._check_in_pieces()
        if not self.objective.of_kind.sharded:
            accepted = ", ".join(f"objective={name}" for name, kind in KINDS.items() if kind.sharded)
            rules.refuse(
                "train.num_processes", f"{given} objective={self.objective.name}", f"{accepted}, or 1"
            )

    def _check_in_pieces(self) -> None:
        """Refuse what changes weights where no process has them all; a gate of factors changes none."""
        told = "with train.measure_sharded=true, or train.measure_sharded=false"
        asked = self.intervention
        gated = self.method.of_kind.low_rank and asked.kind == "causal" and not asked.controls
        if asked.asks and not gated:
            accepted = f"none, or causal without controls of a method with low-rank factors, {told}"
            rules.refuse("intervention.kind", asked.kind, accepted)
        if self.control.pushes:
            rules.refuse("control.kind", self.control.kind, f"another {told}")
