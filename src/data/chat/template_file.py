"""The file that data.chat_template names."""

from pathlib import Path

from src.errors import DataError


def template_text(path: str) -> str:
    """The text of a template's file (data.chat_template).

    Raises:
        DataError: it cannot be read, or is empty.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataError(f"data.chat_template={path}: no such file; accepted: a Jinja template") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"data.chat_template={path}: cannot be read ({error}); accepted: a Jinja template"
        ) from error
    if not text.strip():
        raise DataError(f"data.chat_template={path}: the file is empty; accepted: a Jinja template")
    return text
