"""A twin's random weights learn some English, once: what is not there cannot be lost in tuning."""

import logging
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from src.command.compose import chosen
from src.config.schema import ModelConfig, ObjectiveConfig, PretrainingConfig, TrainConfig
from src.data.corpus import pieces
from src.data.encode import EncodedRow
from src.data.passages import held_out_passages, taught_passages, training_passages
from src.data.rows import Row
from src.errors import TrainingError
from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import ENCODERS, build_tiny
from src.model.twin import RECORD, twin_folder
from src.objective.catalog import make_objective
from src.objective.objective import Draw, Objective
from src.storage.files import write_json
from src.train.loop import train

PASSAGES = {"english": training_passages, "english_taught": taught_passages}
SEED = 0  # a twin is one model, like a checkpoint: its weights do not follow the seed of a run
NUM_HELD_OUT = 200  # sequences that the loss is stated on
_LOG = logging.getLogger(__name__)


def ensure_pretrained(config: ModelConfig, cache_dir: Path) -> None:
    """Pretrain a twin where that has not been done; for every other model nothing happens.

    Raises:
        TrainingError: it did not learn more than how often each byte comes.
    """
    settings = config.pretraining  # a twin's alone
    if settings is not None:
        twin_folder(config, cache_dir, lambda folder: _pretrain(config, settings, folder))


def _pretrain(config: ModelConfig, settings: PretrainingConfig, folder: Path) -> None:
    tokenizer = byte_tokenizer(mask=config.architecture in ENCODERS)
    model = build_tiny(config.architecture, config.num_blocks, config.width, config.sizes)
    for quirk, value in (("use_cache", False), ("rescale_every", 0)):
        if hasattr(model.config, quirk):
            setattr(model.config, quirk, value)
    objective = make_objective(
        chosen("objective", settings.objective, ObjectiveConfig, supervise="all"), tokenizer
    )
    objective.check(model)
    length = settings.length - 1  # the end token is one
    rows, held_out = (_rows(texts, length) for texts in (PASSAGES[settings.corpus](), held_out_passages()))
    encoded = objective.encode(rows, settings.length).rows
    _LOG.info("%s: pretraining, %d steps, once", config.name, settings.max_steps)
    with tempfile.TemporaryDirectory() as aside:
        trained = train(
            model, encoded, _train_config(settings), objective=objective, seed=SEED, folder=Path(aside)
        )
        shutil.copy(Path(aside) / "steps.jsonl", folder / "steps.jsonl")
    record = _measured(model, objective, objective.encode(held_out, settings.length).rows[:NUM_HELD_OUT])
    record |= {"seconds": round(sum(step["seconds"] for step in trained.steps), 1)}
    _LOG.info(
        "%s: held-out loss %.3f nats a byte, unigram entropy %.3f",
        *(config.name, record["held_out_loss"], record["unigram_entropy"]),
    )
    if record["held_out_loss"] >= record["unigram_entropy"]:
        raise TrainingError(
            f"model={config.name}: pretraining came to {record['held_out_loss']:.3f} nats, not below the "
            f"unigram entropy {record['unigram_entropy']:.3f}; raise model.pretraining.max_steps"
        )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_json(folder / RECORD, {"pretraining": asdict(settings)} | record)


def _rows(texts: list[str], length: int) -> list[Row]:
    found = [piece for text in texts for piece in pieces(text, length)]
    return [Row("", text, f"piece {number}") for number, text in enumerate(found)]


@torch.no_grad()
def _measured(
    model: torch.nn.Module, objective: Objective, rows: list[EncodedRow], size: int = 50
) -> dict[str, Any]:
    """Loss on held-out sequences, and the entropy of their tokens: what counting alone comes to."""
    model.eval()
    total, terms, counts = 0.0, 0, torch.zeros(len(objective.tokenizer), dtype=torch.float64)
    for start in range(0, len(rows), size):
        batch = objective.collate(rows[start : start + size], Draw(SEED, 0), start)
        loss, count = objective.loss(model, batch)
        total, terms = total + loss.item(), terms + count
        for row in rows[start : start + size]:
            counts += torch.bincount(torch.tensor(row.input_ids), minlength=len(counts))
    return {
        "held_out_loss": total / terms,
        "unigram_entropy": unigram_entropy(counts),
        "num_held_out": len(rows),
        "num_terms": terms,
    }


def unigram_entropy(counts: torch.Tensor) -> float:
    """Entropy in nats of tokens that come as often as `counts` says; the best that counting can do."""
    shares = counts[counts > 0] / counts.sum()
    return -(shares * shares.log()).sum().item()


def _train_config(settings: PretrainingConfig) -> TrainConfig:
    return chosen(
        "train",
        "default",
        TrainConfig,
        max_steps=settings.max_steps,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup_steps,
        schedule="cosine",
        checkpoint_steps=None,
    )
