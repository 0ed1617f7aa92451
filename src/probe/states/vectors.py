"""Pooled vectors of every layer in a file, so that memory does not grow with the number of rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy
import torch
from torch import Tensor

from src.errors import StorageError
from src.storage.files import storage_errors


class LayerVectors:
    """A float32 array [layer, sample, width] in a .npy file; read one layer at a time.

    It is read and written by offset and never mapped into memory, so what was read can be forgotten.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int], offset: int) -> None:
        self.path, self.shape, self._offset = path, shape, offset

    @classmethod
    def create(cls, path: Path, num_layers: int, num_samples: int, width: int) -> Self:
        """A new file of zeros."""
        shape = (num_layers, num_samples, width)
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        with storage_errors(path), path.open("wb") as file:
            numpy.lib.format.write_array_header_1_0(file, header)
            offset = file.tell()
            file.truncate(offset + 4 * num_layers * num_samples * width)
        return cls(path, shape, offset)

    @classmethod
    def open(cls, path: Path) -> Self:
        """A file that is there; StorageError where it is damaged."""
        try:
            with path.open("rb") as file:
                numpy.lib.format.read_magic(file)
                shape, fortran, dtype = numpy.lib.format.read_array_header_1_0(file)
                offset = file.tell()
            expected = offset + 4 * int(numpy.prod(shape))
            if fortran or dtype != numpy.dtype("<f4") or len(shape) != 3 or path.stat().st_size != expected:
                raise ValueError(f"{path.stat().st_size} bytes, {dtype} {shape}")
        except (OSError, ValueError) as error:
            raise StorageError(
                f"{path}: cannot be read as layer vectors ({error}); remove it to make it anew"
            ) from error
        return cls(path, shape, offset)

    def write(self, layer: int, samples: Sequence[int], vectors: Tensor) -> None:
        """Put vectors [row, width] of one layer in place, as these samples."""
        content = vectors.to("cpu", torch.float32).contiguous().numpy().astype("<f4", copy=False)
        with storage_errors(self.path), self.path.open("r+b") as file:
            for sample, vector in zip(samples, content, strict=True):
                file.seek(self._position(layer, sample))
                file.write(vector.tobytes())

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, layer: int) -> Tensor:
        """The vectors of one layer, [sample, width]."""
        if not 0 <= layer < len(self):
            raise IndexError(layer)
        count = self.shape[1] * self.shape[2]
        content = numpy.fromfile(self.path, dtype="<f4", count=count, offset=self._position(layer, 0))
        return torch.from_numpy(content.reshape(self.shape[1:]))

    def __iter__(self) -> Iterator[Tensor]:
        return (self[layer] for layer in range(len(self)))

    def _position(self, layer: int, sample: int) -> int:
        return self._offset + 4 * self.shape[2] * (layer * self.shape[1] + sample)
