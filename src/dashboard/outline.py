"""A workspace without W&B: its sections and panels for a reader, or the JSON that W&B is sent."""

from typing import Any

import wandb_workspaces.workspaces as ws


def as_json(made: ws.Workspace) -> str:
    """What W&B is sent."""
    return made._to_model().model_dump_json(by_alias=True, exclude_none=True, indent=2)


def outline(made: ws.Workspace) -> str:
    """A heading a section, a line a panel: its title, and the names of what it draws."""
    lines = [made.name, f"project {made.entity}/{made.project}"]
    for section in made.sections:
        lines += ["", section.name, *(f"  {_told(panel)}" for panel in section.panels)]
    return "\n".join(lines)


def _told(panel: Any) -> str:
    """A panel in one line; one without a title is called by its kind."""
    kind = type(panel).__name__
    if kind == "MarkdownPanel":
        rows = [line for line in panel.markdown.splitlines() if line.startswith("|")]
        return f"a table of {len(rows) - 2} published numbers"
    title = getattr(panel, "title", None) or {"RunComparer": "settings of the runs, side by side"}.get(kind)
    title = title or f"the table {getattr(panel, 'table_name', kind)}"
    drawn = _drawn(panel)
    return f"{title} ({', '.join(drawn)})" if drawn else str(title)


def _drawn(panel: Any) -> list[str]:
    """The names of the metrics and settings in a panel."""
    held = [getattr(panel, name, None) or [] for name in ("metrics", "x", "y", "columns")]
    flat = [one for group in held for one in (group if isinstance(group, list) else [group])]
    return [str(getattr(getattr(one, "metric", one), "name", one)) for one in flat]
