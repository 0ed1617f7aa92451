"""The table by layer of a run, cut into the series of its metrics and stages."""

from typing import NamedTuple

import numpy
import pandas


class Series(NamedTuple):
    """A metric of one run by layer."""

    layer: numpy.ndarray
    depth: numpy.ndarray
    value: numpy.ndarray


def by_metric(layers: pandas.DataFrame) -> dict[tuple[str, str], Series]:
    """The table of a run by metric and stage, no embedding, in order of depth."""
    columns = Series(*(layers[name].to_numpy() for name in Series._fields))
    places: dict[tuple[str, str], list[int]] = {}
    keys = zip(layers["metric"], layers["stage"], strict=True)
    for place, key in enumerate(keys):  # faster than groupby for the few hundred rows of a run
        if columns.layer[place] > 0:
            places.setdefault(key, []).append(place)
    in_order = {key: sorted(at, key=columns.layer.__getitem__) for key, at in places.items()}
    return {key: Series(*(column[at] for column in columns)) for key, at in in_order.items()}
