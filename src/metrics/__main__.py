"""python -m src.metrics: write the reference of all metrics."""

from src.files import write_text
from src.metrics.reference import PATH, reference

if __name__ == "__main__":
    write_text(PATH, reference())
    print(f"written: {PATH}")
