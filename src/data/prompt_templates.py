"""Frames: templates that put the content of a prompt in other words. Imports no torch."""

from collections.abc import Sequence
from string import Formatter

from src.config.rules import refuse, template_fields

QUESTION, WHOLE = "question", "prompt"
GENERAL = ("Here is a text. {prompt}", "Read this with care:\n{prompt}")


def fitting_frames(templates: Sequence[str], prompt: str) -> list[str]:
    """The frames for rows whose prompt was made from `prompt` (data.prompt).

    These are `templates`, if each of them holds all fields of `prompt`, or {prompt}, the whole of it. Frames
    of a {question} that do not fit, because data have other fields, more, or none, give way to general ones.

    Raises:
        ConfigError: a template that cannot be read, or with a field that rows of no data set promise.
    """
    known = template_fields(prompt)
    for template in templates:
        accepted = f"templates over the fields {', '.join([*known, WHOLE])}"
        try:
            fields = template_fields(template)
        except ValueError as error:
            refuse("metrics.view_templates", template, f"{accepted} in braces ({error})")
        if any(name not in (*known, WHOLE, QUESTION) for name in fields):
            refuse("metrics.view_templates", template, accepted)
    whole = all(_holds(template_fields(template), known) for template in templates)
    return list(templates if whole else GENERAL)


def filled(template: str, values: dict[str, str]) -> str:
    """A template with its fields in place."""
    parts = Formatter().parse(template)
    return "".join(text + (values[name] if name is not None else "") for text, name, _, _ in parts)


def _holds(fields: list[str], known: list[str]) -> bool:
    if WHOLE in fields and QUESTION not in set(fields) - set(known):
        return True
    return bool(known) and set(fields) == set(known)
