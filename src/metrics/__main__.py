"""python -m src.metrics: write the reference of all metrics."""

from src.metrics.reference import PATH, reference
from src.storage.files import write_text

if __name__ == "__main__":
    write_text(PATH, reference())
    print(f"written: {PATH}")
