"""Where comparisons of an adapter lie, so that `src.report ADAPTER` finds them below any `paths.runs_dir`."""

from pathlib import Path

from src.storage.files import fingerprint, write_text

_FOLDER = "compared"


def note_comparison(cache: Path, adapter: str, experiment: Path) -> None:
    """Keep that the folder of an experiment holds a comparison of the adapter of this content."""
    place = str(experiment.absolute())
    write_text(cache / _FOLDER / adapter[:32] / fingerprint(place)[:12], place)


def compared_in(cache: Path, adapter: str) -> list[Path]:
    """The folders that are noted and still there, in order of name."""
    notes = (cache / _FOLDER / adapter[:32]).glob("[0-9a-f]*")
    places = {Path(note.read_text(encoding="utf-8")) for note in notes}
    return sorted(place for place in places if place.is_dir())
