"""The first line of a run: what it trains on, what it scores, and which choice is the published setting."""

from src.command.compose import CONF
from src.config.schema import DataConfig, ModelConfig, RunConfig


def announcement(config: RunConfig) -> str:
    """One line for whoever has typed little and got the defaults for the rest."""
    tasks = ", ".join(config.evaluate.tasks) or "nothing"
    train = config.train
    length = f"{train.max_steps} steps" if train.max_steps is not None else f"{train.epochs:g} epochs"
    preset = f"band_study_{config.model.name}"
    published = (CONF / "preset" / f"{preset}.yaml").is_file() and config.experiment != preset
    return (
        f"{config.model.name}{_held(config.model)}: {config.method.name} on band {config.band.name} trains "
        f"{length} on {_rows(config.data)}; scores {tasks}"
        + (f"; the published setting of this model is preset={preset}" if published else "")
    )


def _held(model: ModelConfig) -> str:
    """How the base is held, where it is not as its files have it."""
    return "" if model.quantization == "none" else f" in {model.quantization}"


def _rows(data: DataConfig) -> str:
    """The rows by name and by where they come from."""
    return f"{data.name} ({data.told})"
