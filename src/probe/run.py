"""The probe stage: a base pass, a tuned pass, and the table of both."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from torch import Tensor, nn

from src.config.schema import MetricsConfig
from src.metrics.catalog import check_names, names_needing
from src.probe.passes import probe_pass
from src.probe.statistics import LayerStatistics
from src.probe.table import LayerRow, layer_rows
from src.probe.weight_change import weight_change


def probe_pair(
    model: nn.Module,
    blocks: Sequence[str],
    batches: Callable[[], Iterable[Mapping[str, Tensor]]],
    metrics: MetricsConfig,
    base_context: Callable[[], AbstractContextManager[object]],
    base: LayerStatistics | None = None,
    initial: Mapping[str, Tensor] | None = None,
) -> list[LayerRow]:
    """The layer table of a tuned model against its base. Without metrics there are no rows and no pass.

    Args:
        model: the tuned model, or the model peft wraps around it.
        blocks: names of the blocks in the model that peft may wrap, first to last.
        batches: makes the probe batches anew, the same rows in the same order each time.
        metrics: the metric set.
        base_context: makes a context in which the model answers as the base (adapters off); not used where
            `base` is given.
        base: statistics of the base gathered before on the same rows, for instance before full training.
        initial: base tensors of the weights that training changed in place (see `weight_change`).
    """
    names = metrics.names
    check_names(names)
    tuned = None
    if names_needing(names, "pooled", "tokens", "pair"):
        if base is None:
            with base_context():
                base = probe_pass(model, blocks, batches(), metrics.num_token_samples, names)
        base.check_covers(names)  # before the second pass is paid for
        tuned = probe_pass(model, blocks, batches(), metrics.num_token_samples, names)
    changes = weight_change(model, blocks, initial) if names_needing(names, "weights") else []
    return layer_rows(base, tuned, names, len(blocks), changes)
