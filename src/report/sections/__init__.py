"""The sections of the report, in order: one file each, with `SECTION`.

A section is a function from the study to its blocks. A new one is a new file and a line in `SECTIONS`.
"""

from src.report.sections import (
    crossing,
    curves,
    depth,
    differences,
    forgetting,
    parameters,
    profiles,
    published,
    rates,
    runs,
    scalings,
    scores,
)

SECTIONS = (
    published.SECTION,
    scores.SECTION,
    differences.SECTION,
    scalings.SECTION,
    rates.SECTION,
    crossing.SECTION,
    forgetting.SECTION,
    parameters.SECTION,
    depth.SECTION,
    profiles.SECTION,
    curves.SECTION,
    runs.SECTION,
)
