"""What a reader should know first."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from src.analysis.material import Material
from src.report.blocks import Part, Table
from src.report.sections.depth import sized


@dataclass(frozen=True)
class Fact:
    """One number at the head of the page."""

    name: str
    value: str


def facts(material: Material) -> list[Fact]:
    """Runs, seeds, models, rows, where it ran."""
    study = material.study
    records = [run.record for run in study.compared]
    models = list(dict.fromkeys(record["choices"].get("model", "?") for record in records))
    seeds = ", ".join(str(seed) for seed in study.seeds) if len(study.seeds) < 8 else str(len(study.seeds))
    items = sorted(
        {f"{score['n']:,} {score['task']}" for record in records for score in record.get("scores", [])}
    )
    found = [
        Fact("finished runs", str(len(records))),
        Fact("arms", str(len(study.arms))),
        Fact("seeds", seeds) if len(study.seeds) > 1 else Fact("the only seed", f"seed {seeds}"),
        Fact("model" if len(models) == 1 else "models", models[0] if len(models) == 1 else str(len(models))),
        Fact("items scored", ", ".join(items)) if items else None,
    ]  # fmt: skip
    lost = len({run.name for run, _ in study.left_out})
    found += [Fact("not compared", str(lost))] if lost else []
    return [fact for fact in found if fact]


def lead(material: Material, parts: Sequence[Part]) -> list[str]:
    """The machine, and the verdicts counted."""
    lines = machines(material)
    for name, what in _JUDGED.items():
        verdicts = _verdicts(parts, name)
        told = [f"{verdicts[one]} {one}" for one in _VERDICTS if verdicts[one]]
        lines += [f"{what(material)}: {', '.join(told)}."] if told else []
    return lines


_VERDICTS = ("reproduced", "not reproduced", "undecided")
_JUDGED: dict[str, Callable[[Material], str]] = {
    "published": lambda _: "Published effects, each under every condition",
    "depth_findings": lambda material: sized("Published findings on depth", material.depth.numbers),
}
"""Tables with verdicts, and what is judged there."""


def _verdicts(parts: Sequence[Part], name: str) -> Counter[str]:
    """The column `verdict` of a table, counted."""
    tables = [block for part in parts for block in part.blocks
              if isinstance(block, Table) and block.name == name]  # fmt: skip
    places = [[column.name for column in table.columns].index("verdict") for table in tables]
    return Counter(row[place] for table, place in zip(tables, places, strict=True) for row in table.rows)


def machines(material: Material) -> list[str]:
    """Processor, threads, device and commit; a line for each that took part."""
    found = Counter()
    for run in material.study.compared:
        machine, code = run.record["hardware"], run.record["git"]
        commit = (code["commit"] or "unknown")[:10] + (" (dirty)" if code["dirty"] else "")
        device = machine.get("gpu") or machine["device"]
        found[f"{machine['processor']}, {machine['threads']} threads, {device}; commit {commit}"] += 1
    return [f"Machine: {machine}." for machine, _ in found.most_common(4)]
