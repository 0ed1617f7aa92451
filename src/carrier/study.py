"""The carrier of one run, or of several of one arm: fitted, asked, and told with its tables."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from src.carrier.fit import CarrierFit, Fitted
from src.carrier.found import Found
from src.carrier.kept import keep_carriers
from src.carrier.masked_update import MaskedUpdate
from src.carrier.measure import score_carriers
from src.carrier.store import read_fit, write_fit
from src.carrier.tables import told, write_tables
from src.config.carrier import CarrierSettings
from src.config.intervention import FOLDER, InterventionConfig
from src.intervene.pair import Pair
from src.intervene.study import Source, Study
from src.model.causal import check_causal
from src.runtime.progress import Progress
from src.storage.cache import code_fingerprint
from src.storage.files import fingerprint

LATER = ("rhos",)
"""Settings that decide nothing of one fit."""


class CarrierStudy(Study):
    """A carrier of every run for each budget."""

    causal = True

    def __init__(self, sources: Sequence[Source], chosen: InterventionConfig, out: Path) -> None:
        super().__init__(sources, chosen, out)
        pair = self.first_pair()
        num_masks = sum(update_of(pair, chosen).sizes.values())
        variants = 2 + 2 * (1 + chosen.num_random)
        num_rows, num_items = chosen.fit_batch_size * chosen.accumulation, len(pair.scores[0].ids)
        self.say(
            f"{len(self.sources)} runs, {num_masks} masks of each, budgets {chosen.rhos}: fits of "
            f"{chosen.max_steps} steps of {num_rows} rows, then {variants} variants over {num_items} items."
        )
        self.num_blocks, self.found = pair.num_blocks, list[Found]()

    def measure(self) -> None:
        """Fit and ask, run by run."""
        for source, pair in self.pairs():
            update = update_of(pair, self.chosen)
            for rho in self.chosen.rhos:
                with update.restored():
                    self.found.append(self._of(source.folder, pair, update, rho))

    def write(self) -> None:
        """The tables, what they are made of, and a line a carrier."""
        write_tables(self.out, self.found)
        keep_carriers(self.out, self.found)
        self.write_about(self.num_blocks)
        for one in self.found:
            self.say(told(one))

    def _of(self, folder: Path, pair: Pair, update: MaskedUpdate, rho: float) -> Found:
        fits = folder / FOLDER / "fits"
        fitted, key = fitted_carrier(pair, update, self.chosen, rho, fits)
        masks, num = fitted.masks, self.chosen.num_random
        with Progress(f"{folder.name} rho {rho:g}", len(pair.scores[0].batches), "batches") as progress:
            items = fits / key[:12] / "items"
            scores = score_carriers(pair, update, masks, num, items, key, progress.advance)
        return Found.of_fit(folder.name, fitted, update.density(masks), update.densities(masks), scores)


def update_of(pair: Pair, chosen: CarrierSettings) -> MaskedUpdate:
    """The update of a pair, to be masked.

    Raises:
        ModelError: the model reads in both directions, or has layers that no mask is known for.
    """
    check_causal(pair.replay.base, "carrier")
    return MaskedUpdate(pair.replay.gates, chosen.rest == "base")


def fitted_carrier(
    pair: Pair, update: MaskedUpdate, chosen: CarrierSettings, rho: float, fits: Path
) -> tuple[Fitted, str]:
    """The carrier that lies among the fits, or a new one that is left there; and what decides its numbers.

    Where the update goes on training, the model has the weights of the carrier afterwards.
    """
    own = {name: getattr(chosen, name) for name in CarrierSettings.__dataclass_fields__ if name not in LATER}
    rows, code = (
        pair.material.training_rows(chosen.supervise),
        code_fingerprint("carrier", "intervene/engine", "model", "data"),
    )
    asked = fingerprint([pair.key, own, rho, [asdict(row) for row in rows]])
    key = fingerprint([asked, code])
    folder = fits / key[:12]
    if (stored := read_fit(folder, key, chosen, rho)) is not None:
        fitted, weights = stored
        update.set_trained(weights)
        return fitted, key
    seed = int(asked[:8], 16)  # of what was asked: a line of code elsewhere moves no draw
    fit = CarrierFit(update, rows, pair.material.loaded.tokenizer.pad_token_id, chosen, rho, seed)
    with Progress(f"carrier, rho {rho:g}", chosen.max_steps, "steps") as progress:
        fitted = fit.run(progress.advance)
    write_fit(folder, key, fitted, update.trained_values() if chosen.weights == "trained" else {})
    return fitted, key
