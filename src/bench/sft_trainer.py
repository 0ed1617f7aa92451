"""A training step of TRL's SFTTrainer beside one of ours, on the same rows, adapter and supervised tokens."""

import tempfile
import time
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from datasets import Dataset
from transformers import TrainerCallback

from src.bench.measure import PAIRS, seconds
from src.method.adapted import AdaptedModel

WARM = 2


def over_trainer(ours: Callable[[], object], theirs: AdaptedModel, batch: dict[str, torch.Tensor]) -> float:
    """Median over neighbouring steps of our seconds over those of the trainer, which trains on one batch.

    The trainer's are those between its own callbacks: forward, backward, clipping, optimizer; loading of rows
    is not in them. It computes nothing again (TRL's own default would) and keeps float32.

    Args:
        ours: one step.
        theirs: a model of its own, with the same adapters.
        batch: input_ids, labels [row, token], without padding.
    """
    from trl import SFTConfig, SFTTrainer

    turns = _Turns(ours)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arguments = SFTConfig(
            folder,
            per_device_train_batch_size=len(batch["input_ids"]),
            max_steps=WARM + PAIRS,
            gradient_checkpointing=False,
            bf16=False,
            use_cpu=not torch.cuda.is_available(),
            max_length=None,
            dataset_kwargs={"skip_prepare_dataset": True},
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
        )
        model: Any = theirs.model  # a PeftModel
        trainer = SFTTrainer(
            model=model,
            args=arguments,
            train_dataset=Dataset.from_dict({key: batch[key].tolist() for key in ("input_ids", "labels")}),
            processing_class=theirs.loaded.tokenizer,
            callbacks=[turns],
        )
        trainer.train()
    return median(turns.ratios[WARM:])


class _Turns(TrainerCallback):
    """Times each step of the trainer, and right after it one of ours."""

    def __init__(self, ours: Callable[[], object]) -> None:
        self.ours, self.begun = ours, 0.0
        self.ratios: list[float] = []

    def on_step_begin(self, *given: Any, **also: Any) -> None:
        self.begun = time.perf_counter()

    def on_step_end(self, *given: Any, **also: Any) -> None:
        theirs = time.perf_counter() - self.begun
        self.ratios.append(seconds(self.ours) / theirs)
