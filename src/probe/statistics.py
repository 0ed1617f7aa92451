"""What a probe pass leaves: small statistics of every layer, no hidden state of any token."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from src.errors import DataError, StorageError
from src.files import ASIDE, storage_errors
from src.metrics.catalog import names_needing

POOLED, TOKENS = "pooled", "tokens/"


@dataclass
class LayerStatistics:
    """Statistics of one model on the probe rows, for layers 0..L."""

    pooled: Tensor
    """Mean of every row's token states, float32 [layer, sample, width]."""
    tokens: dict[str, Tensor]
    """Token metric to its value for the first rows, float64 [layer, sample]."""

    def check_covers(self, names: Sequence[str]) -> None:
        """Refuse metrics that need token values which were not gathered (DataError)."""
        missing = [name for name in names_needing(names, "tokens") if name not in self.tokens]
        if missing:
            asked, gathered = ", ".join(missing), ", ".join(self.tokens) or "none"
            raise DataError(f"layer statistics: asked for {asked}; gathered token metrics: {gathered}")

    def save(self, path: Path) -> None:
        """Write a safetensors file, whole or not at all (StorageError)."""
        tensors = {POOLED: self.pooled} | {TOKENS + name: values for name, values in self.tokens.items()}
        aside = path.parent / f"{ASIDE}{path.name}-{uuid4().hex[:8]}"
        try:
            with storage_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, aside)
                aside.replace(path)
        finally:
            aside.unlink(missing_ok=True) if aside.parent.is_dir() else None

    @classmethod
    def load(cls, path: Path) -> "LayerStatistics":
        """Read what `save` wrote; StorageError names a file that is missing or damaged."""
        try:
            tensors = load_file(path)
            pooled = tensors.pop(POOLED)
        except (OSError, SafetensorError, KeyError) as error:
            raise StorageError(
                f"{path}: cannot be read as layer statistics ({error}); remove it to make it anew"
            ) from error
        return cls(pooled, {name.removeprefix(TOKENS): values for name, values in tensors.items()})
