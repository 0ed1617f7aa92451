"""The passes of one model over the probe rows: everything that a metric set needs, and nothing else."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from src.config.schema import MetricsConfig, ProbeConfig
from src.data.encode import EncodedRow
from src.metrics.catalog import names_needing, switches
from src.probe.states.layer_statistics import NORMS, POOLED, VIEWS, LayerStatistics
from src.probe.states.parts import PassOver, merged, pass_over
from src.probe.states.probe_rows import ProbeRows
from src.probe.states.token_sets import NO_MASSIVE, OUTCOMES, less, massive_tokens
from src.probe.states.vectors import LayerVectors
from src.runtime.spread import Alone, Spread, parts


def gather(
    model: nn.Module,
    blocks: Sequence[str],
    probe: ProbeRows,
    metrics: MetricsConfig,
    folder: Path,
    settings: ProbeConfig,
    base: LayerStatistics | None = None,
    spread: Spread | None = None,
) -> LayerStatistics:
    """Statistics of a model as it answers now, adapters on or off, in an empty folder.

    One pass over the rows, whichever tokens are read; a second one over their views only where a metric
    needs views.

    Args:
        model: a model, or one that peft wraps.
        blocks: names of its blocks, first to last.
        probe: the rows.
        metrics: what will be measured.
        folder: an empty folder for the statistics.
        settings: which tokens are read.
        base: of a tuned model, the statistics of its base on these rows, which tell the massive tokens.
        spread: who goes over the batches with this model, where others share them.
    """
    passes = _Passes(model, spread or Alone(model, None), blocks, probe, metrics, settings)
    passes.over(probe.rows, metrics.names, folder, base.norms if base else None)
    if names_needing(metrics.names, "views"):
        (folder / VIEWS).mkdir()
        passes.over(probe.views, [], folder / VIEWS, base.norms_of_views if base else None)
    return LayerStatistics.load(folder)


@dataclass(frozen=True)
class _Passes:
    model: nn.Module
    spread: Spread
    blocks: Sequence[str]
    probe: ProbeRows
    metrics: MetricsConfig
    settings: ProbeConfig

    def over(
        self, rows: Sequence[EncodedRow], names: Sequence[str], folder: Path, norms: LayerVectors | None
    ) -> None:
        """Fill a folder; without the norms of a base the model is one, and its norms lie beside the rest."""
        asked, ratio = self.settings.token_sets, self.settings.massive_ratio
        if norms is None:
            found, num_open = self._pass(rows, names, folder, None)
            if NO_MASSIVE not in asked:
                return
            norms = LayerVectors.open(folder / NORMS)
            if _settle(found, num_open, _massive(norms, ratio), folder):
                return
        self._pass(rows, names, folder, _massive(norms, ratio) if NO_MASSIVE in asked else [])

    def _pass(
        self,
        rows: Sequence[EncodedRow],
        names: Sequence[str],
        folder: Path,
        massive: list[Tensor] | None,
    ) -> tuple[LayerStatistics, Tensor | None]:
        own = parts(self.probe.batches(rows, self.model), self.spread.count)
        folders = [folder if len(own) == 1 else folder / f"part-{place}" for place in range(len(own))]
        how = PassOver(
            blocks=list(self.blocks),
            num_rows=len(rows),
            longest=max((len(row.input_ids) for row in rows), default=0),
            num_tokens=self.metrics.num_token_samples,
            names=list(names),
            settings=switches(self.metrics),
            asked=list(self.settings.token_sets),
            ratio=self.settings.massive_ratio,
            massive=massive,
        )
        return merged(folder, self.spread(pass_over, list(zip(folders, own, strict=True)), how, "probe"))


def _massive(norms: LayerVectors, ratio: float) -> list[Tensor]:
    return [massive_tokens(of_layer, ratio) for of_layer in norms]


def _settle(found: LayerStatistics, num_open: Tensor | None, massive: Sequence[Tensor], folder: Path) -> bool:
    """Put together what is left without massive tokens; False where the pass did not foresee it."""
    counts = [of_layer.sum(dim=1) for of_layer in massive]
    assert num_open is not None
    foreseen = all((count <= told).all() for count, told in zip(counts, num_open, strict=True))
    outcomes = {count: found.beside[less(count)] for count in OUTCOMES if less(count) in found.beside}
    if foreseen:
        target = folder / NO_MASSIVE
        target.mkdir()
        pooled = LayerVectors.create(target / POOLED, *found.pooled.shape)
        tokens = {name: values.clone() for name, values in found.tokens.items()}
        for layer, count in enumerate(counts):
            vectors = found.pooled[layer]
            for num_lost, outcome in outcomes.items():
                rows = (count == num_lost).nonzero()[:, 0]
                vectors[rows] = outcome.pooled[layer][rows]
                for metric, values in tokens.items():
                    some = rows[rows < values.shape[1]]
                    values[layer, some] = outcome.tokens[metric][layer, some]
            pooled.write(layer, range(len(vectors)), vectors)
        LayerStatistics(pooled, tokens).save_tokens(target)
    for num_lost in outcomes:
        shutil.rmtree(folder / less(num_lost))
    return foreseen
