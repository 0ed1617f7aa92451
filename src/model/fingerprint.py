"""Identity of weights in a folder, cheap even for the largest."""

import hashlib
from pathlib import Path

from src.model.folder import CONFIG, weight_files

NUM_SAMPLES = 64
SAMPLE_BYTES = 64 * 1024


def folder_fingerprint(folder: Path) -> str:
    """The sha256 over config.json and, for each weight file, its name, size and evenly spaced samples.

    A file of up to 4 MiB is read whole. Of a larger one 64 samples of 64 KiB are read, the first and the last
    bytes among them, so a change of a few weights between two samples is not seen.
    """
    digest = hashlib.sha256((folder / CONFIG).read_bytes())
    for path in weight_files(folder):
        size = path.stat().st_size
        digest.update(f"{path.name}:{size}".encode())
        with path.open("rb") as file:
            if size <= NUM_SAMPLES * SAMPLE_BYTES:
                digest.update(file.read())
                continue
            for index in range(NUM_SAMPLES):
                file.seek(index * (size - SAMPLE_BYTES) // (NUM_SAMPLES - 1))
                digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()
