"""Identity of what lies in a folder of weights, cheap even for the largest."""

import hashlib
from pathlib import Path
from typing import Any

from src.model.folder import CONFIG, weight_files
from src.storage.files import sha256_file

NUM_SAMPLES = 64
SAMPLE_BYTES = 64 * 1024
TEMPLATES = "additional_chat_templates"
"""The one folder inside a model's folder that transformers reads."""
UNREAD = {
    ".*": "hidden: what tools keep of themselves",
    "*.md": "text for people",
    "LICENSE*": "text for people",
    "*.bin": "weights as a pickle, which is never loaded",
    "*.pt": "a pickle, which is never loaded",
    "*.pth": "a pickle, which is never loaded",
    "*.ckpt": "a pickle, which is never loaded",
    "*.h5": "the weights for another library",
    "*.msgpack": "the weights for another library",
    "*.onnx": "the weights for another library",
    "*.gguf": "the weights for another library",
    "*.py": "code of the folder, which is never executed",
    "trainer_state.json": "what a trainer tells of itself",
}
"""Files of a folder that decide no number, by pattern, and why; every other one is taken to decide some."""


def folder_fingerprint(folder: Path) -> str:
    """The sha256 over config.json and, for each weight file, its name, size and evenly spaced samples.

    A file of up to 4 MiB is read whole. Of a larger one 64 samples of 64 KiB are read, the first and the last
    bytes among them, so a change of a few weights between two samples is not seen.

    It stands for the whole folder where something else pins the rest: the version of a package, or the
    settings and the code that a twin was made with. Ids of such runs hold those.
    """
    digest = hashlib.sha256((folder / CONFIG).read_bytes())
    for path in weight_files(folder):
        _add_samples(digest, path)
    return digest.hexdigest()


def content_fingerprint(folder: Path) -> str:
    """The sha256 over all of a folder that can decide a number: for folders that nothing else pins.

    Beside the weights these are the tokenizer's files, chat templates, the generation config, and whatever
    else lies there and is not in UNREAD. All but weights are read whole.
    """
    digest = hashlib.sha256(folder_fingerprint(folder).encode())
    for path in sorted([*folder.iterdir(), *(folder / TEMPLATES).glob("*")]):
        if why_unread(folder, path) is not None:
            continue
        if path.suffix == ".safetensors":
            _add_samples(digest, path)
        else:
            digest.update(f"{path.relative_to(folder)}:{sha256_file(path)}".encode())
    return digest.hexdigest()


def why_unread(folder: Path, path: Path) -> str | None:
    """Why a file of a model's folder decides no number; None for one that may."""
    if path.is_dir() or path.parent.relative_to(folder) not in (Path(), Path(TEMPLATES)):
        return f"in a folder that is not read; only {TEMPLATES} is"
    return next((reason for pattern, reason in UNREAD.items() if path.match(pattern)), None)


def _add_samples(digest: Any, path: Path) -> None:
    """Add the name, the size and, of a large file, samples to a hashlib object."""
    size = path.stat().st_size
    digest.update(f"{path.name}:{size}".encode())
    with path.open("rb") as file:
        if size <= NUM_SAMPLES * SAMPLE_BYTES:
            digest.update(file.read())
            return
        for index in range(NUM_SAMPLES):
            file.seek(index * (size - SAMPLE_BYTES) // (NUM_SAMPLES - 1))
            digest.update(file.read(SAMPLE_BYTES))
