"""The sections of the report, in order: one file each, with `SECTION`.

A section is a function from the material to its blocks. A new one is a new file and a line below; one that
brings an analysis of its own is a plug-in (src/report/plugins.py).
"""

from src.report.sections import (
    band_contrasts,
    best_rates,
    beyond_push,
    crossed_rows,
    forgetting,
    frontier,
    layer_profiles,
    learning_curves,
    middle,
    parameters,
    published,
    runs,
    scalings,
    score_by_band,
    selected_rows,
    switched_on,
)

OPENING = runs.OPENING
DEPTH = (layer_profiles.SECTION, beyond_push.SECTION, middle.SECTION)
SCORES = (
    score_by_band.SECTION,
    band_contrasts.SECTION,
    forgetting.SECTION,
    frontier.SECTION,
    switched_on.SECTION,
    switched_on.COMPARED,
    selected_rows.SECTION,
    parameters.SECTION,
    learning_curves.SECTION,
)
TABLES = (published.SECTION, crossed_rows.SECTION, scalings.SECTION, best_rates.SECTION, runs.SECTION)
