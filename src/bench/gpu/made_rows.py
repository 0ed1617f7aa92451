"""Sums as files: a bare machine has no generator of rows."""

from pathlib import Path

from src.storage.files import write_jsonl

NUM_TRAIN, NUM_TEST = 64, 8


def made_rows(folder: Path) -> list[str]:
    """Write rows to train on and to score; the overrides that read them."""
    rows = [
        {"question": f"{a} + {a + 3 * b} =", "answer": f"{2 * a + 3 * b}"} for a in range(9) for b in range(8)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    files = {"path": rows[:NUM_TRAIN], "test_path": rows[NUM_TRAIN : NUM_TRAIN + NUM_TEST]}
    for key, some in files.items():
        write_jsonl(folder / f"{key}.jsonl", some)
    counts = ["data.num_train=32", "data.num_probe=24", f"data.num_test={NUM_TEST}", "data.max_new_tokens=4"]
    return ["data=gsm8k", *(f"data.{key}={folder / key}.jsonl" for key in files), *counts]
