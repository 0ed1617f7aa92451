"""What a bundle of wheels weighs."""

from pathlib import Path

from src.errors import UserError

MOST_MB = 60.0


def check_size(folder: Path, most: float = MOST_MB) -> float:
    """Tell every wheel of a folder with its size, the largest first; all together in MB.

    Raises:
        UserError: they are larger than what may be carried along.
    """
    sizes = {path.name: path.stat().st_size / 1e6 for path in folder.glob("*.whl")}
    for name, size in sorted(sizes.items(), key=lambda one: -one[1]):
        print(f"{size:6.1f} MB  {name}")
    total = sum(sizes.values())
    if total > most:
        raise UserError(f"gpu-bundle: given {total:.1f} MB in {folder}; accepted: at most {most:g}")
    print(f"{total:6.1f} MB in {folder}")
    return total
