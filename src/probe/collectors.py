"""Who makes the rows of a metric: looked up by what the metric needs."""

from collections.abc import Sequence

from src.metrics.catalog import METRICS
from src.probe.collector import Collector
from src.probe.gradients.mean_gradients import MeanGradients
from src.probe.gradients.objectives import Objectives
from src.probe.gradients.row_gradients import RowGradients
from src.probe.gradients.step_gradients import StepGradients
from src.probe.gradients.update_gradients import UpdateGradients
from src.probe.lens.both_lenses import BothLenses
from src.probe.lens.lens_rows import Lens
from src.probe.lens.text_lens import TextLens
from src.probe.states.states import States
from src.probe.weights.weights import Weights

_STATES, _WEIGHTS, _STEPS = States(), Weights(), StepGradients()  # several needs, one look
_LENSES = BothLenses()
COLLECTORS: dict[str, Collector] = {
    "pooled": _STATES,
    "next": _STATES,
    "tokens": _STATES,
    "pair": _STATES,
    "views": _STATES,
    "weights": _WEIGHTS,
    "matrices": _WEIGHTS,
    "row_gradients": RowGradients(),
    "update_gradients": UpdateGradients(),
    "mean_gradients": MeanGradients(),
    "step_gradients": _STEPS,
    "tensor_gradients": _STEPS,
    "objectives": Objectives(),
    "lens": Lens(),
    "lens_pair": _LENSES,
    "lens_choices": _LENSES,
    "lens_exits": _LENSES,
    "lens_text": TextLens(),
}


def collectors(names: Sequence[str]) -> dict[Collector, list[str]]:
    """The collectors that metrics need, each with its metrics in the given order."""
    found: dict[Collector, list[str]] = {}
    for name in names:
        found.setdefault(COLLECTORS[METRICS[name].needs], []).append(name)
    return found


def read_by(names: Sequence[str], *reads: str) -> list[str]:
    """Those of `names` whose collector goes over one of the given."""
    return [name for name in names if COLLECTORS[METRICS[name].needs].reads in reads]


def keeping(names: Sequence[str], *keeps: str) -> list[str]:
    """Those of `names` that need such weights of the base beside the tuned model."""
    return [name for name in names if COLLECTORS[METRICS[name].needs].keeps in keeps]
