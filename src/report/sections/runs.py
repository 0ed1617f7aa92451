"""Every run: those behind the numbers, and those that could not be compared."""

from src.analysis.experiment import mixed
from src.analysis.material import Material
from src.report.blocks import Column, Table, Text
from src.report.run_table import COLUMNS, LEFT, rows
from src.report.section import Block, Section


def build(material: Material) -> list[Block]:
    """Left out first, then what to know of the others, then all of them."""
    study = material.study
    blocks: list[Block] = []
    left_out = [[run.name, reason] for run, reason in study.left_out]
    left_out += [[run.name, reason] for task in material.scores for run, reason in task.problems]
    left_out += [[run.name, reason] for run in study.compared for reason in run.damaged]
    if left_out:
        columns = (Column("run", numeric=False), Column("why", numeric=False, wide=True))
        blocks.append(
            Table("left_out", f"Not compared, or not in everything ({len(left_out)})", columns, left_out)
        )
    blocks.append(Text(_notes(material), bullets=True))
    columns = [Column(name, numeric=name not in LEFT) for name in COLUMNS]
    table = [[row[name] for name in COLUMNS] for row in rows(study.runs, study.condition_of)]
    return [
        *blocks,
        Table("runs", f"All finished runs ({len(study.compared)})", columns, table, folded=len(table) > 24),
    ]


def _notes(material: Material) -> list[str]:
    study = material.study
    commits = {run.name: (run.record["git"]["commit"] or "unknown")[:10] for run in study.compared}
    dirty = sum(bool(run.record["git"]["dirty"]) for run in study.compared)
    notes = [f"missing seeds: {line}" for line in study.missing_seeds()]
    notes += mixed(study, commits, "the commit of the code")
    notes += [f"{dirty} runs were made by code that differs from its commit"] if dirty else []
    if "fidelity" in study.factors:
        kinds = {run.name: run.record.get("fidelity") for arm in study.arms for run in arm.runs.values()}
        notes += [
            f"{line}; bands are compared within one fidelity only" for line in mixed(study, kinds, "fidelity")
        ]
    notes += (
        [f"{', '.join(study.follow)}: differ between arms along with what the arms are named by"]
        if study.follow
        else []
    )
    lonely = [arm for arm in study.arms if arm.kind == "lora" and study.baseline(arm) is None]
    notes += [
        f"{arm.label(study.factors)}: LoRA on the whole stack was not run under its conditions, so not "
        f"compared with it: {', '.join(run.name for run in arm.runs.values())}"
        for arm in lonely
    ]
    return notes or ["All runs were made by one commit, on the same seeds."]


SECTION = Section("Runs", "a run", build)
