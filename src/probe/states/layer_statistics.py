"""What a probe pass leaves: small statistics of every layer, no hidden state of any token."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from src.config.rules import TOKEN_SETS
from src.errors import DataError, StorageError
from src.metrics.catalog import names_needing
from src.probe.states.vectors import LayerVectors
from src.storage.files import storage_errors

POOLED, TOKENS, NORMS = "pooled.npy", "tokens.safetensors", "norms.npy"
VIEWS = "views"
"""A folder of the same form as that of the rows, whose rows are the views."""


@dataclass
class LayerStatistics:
    """Statistics of one model on the probe rows, for layers 0..L."""

    pooled: LayerVectors | Tensor
    """Mean of every row's token states, float32 [layer, sample, width]."""
    tokens: dict[str, Tensor]
    """Token metric to its value for the first rows, float64 [layer, sample]."""
    views: "LayerViews | Tensor | None" = None
    """Mean token states of the augmented views of every row, float32 [layer, sample, view, width]."""
    norms: LayerVectors | None = None
    """Of a base: norm of every token, [layer, sample, token], NaN behind the last token of a row."""
    norms_of_views: LayerVectors | None = None
    """The same of its views."""
    beside: "dict[str, LayerStatistics]" = field(default_factory=dict)
    """The same of other sets of tokens, by name; NaN in a row that has none of them at a layer."""

    def of(self, tokens: str) -> "LayerStatistics":
        """The statistics of a set of tokens; those of all tokens are these."""
        return self.beside.get(tokens, self)

    def check_covers(self, names: Sequence[str]) -> None:
        """Refuse metrics that need values which were not gathered (DataError)."""
        missing = [name for name in names_needing(names, "tokens") if name not in self.tokens]
        if self.views is None:
            missing += names_needing(names, "views")
        if missing:
            asked, gathered = ", ".join(missing), ", ".join(self.tokens) or "none"
            raise DataError(f"layer statistics: asked for {asked}; gathered token metrics: {gathered}")

    def views_at(self, layer: int) -> Tensor:
        """The views of one layer, [sample, view, width]; `check_covers` says that there are some."""
        assert self.views is not None
        return self.views[layer]

    def save_tokens(self, folder: Path) -> None:
        """Write what is not in a file of its own yet."""
        with storage_errors(folder):
            save_file({name: values.contiguous() for name, values in self.tokens.items()}, folder / TOKENS)

    @classmethod
    def load(cls, folder: Path) -> "LayerStatistics":
        """Read a folder of statistics; StorageError names a file that is missing or damaged."""
        try:
            tokens = load_file(folder / TOKENS)
        except (OSError, SafetensorError) as error:
            raise StorageError(
                f"{folder / TOKENS}: cannot be read as layer statistics ({error}); remove {folder}"
            ) from error
        found = cls(LayerVectors.open(folder / POOLED), tokens)
        if (folder / NORMS).is_file():
            found.norms = LayerVectors.open(folder / NORMS)
        found.beside = {name: cls.load(folder / name) for name in TOKEN_SETS if (folder / name).is_dir()}
        if (folder / VIEWS).is_dir():
            found.norms_of_views = cls.load(folder / VIEWS).norms
            for name, one in {"": found, **found.beside}.items():
                vectors = LayerVectors.open(folder / VIEWS / name / POOLED)
                one.views = LayerViews(vectors, found.pooled.shape[1])
        return found


class LayerViews:
    """Vectors of the views of each row, stored as LayerVectors whose samples are row by row, view by view."""

    def __init__(self, vectors: LayerVectors, num_rows: int) -> None:
        num_layers, num_samples, width = vectors.shape
        self.vectors = vectors
        self.shape = (num_layers, num_rows, num_samples // num_rows, width)

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, layer: int) -> Tensor:
        """The views of one layer, [sample, view, width]."""
        return self.vectors[layer].reshape(self.shape[1:])

    def __iter__(self) -> Iterator[Tensor]:
        return (self[layer] for layer in range(len(self)))
