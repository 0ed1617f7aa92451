"""What is measured of every layer, on which tokens, and on how many sets of rows."""

from dataclasses import dataclass
from typing import NamedTuple

from src.config import rules
from src.config.keys import NAME, declare
from src.config.places import settle


@dataclass(kw_only=True)
class MetricsConfig:
    """The metric set and what it is computed on."""

    name: str = declare(place=NAME)
    """Which file of conf/metrics was chosen; reports show it."""
    names: list[str]
    """Metrics, or families of them, to compute, in the order of the report; empty: no probing."""
    batch_size: int = declare(least=1)
    """Sequences in one probe pass; the numbers do not depend on it. [sequences]"""
    num_token_samples: int = declare(least=1)
    """Probe rows that token metrics look at (the first ones). [rows]"""
    num_gradient_rows: int = declare(least=1)
    """Training rows that gradient metrics look at (the first ones). [rows]"""
    gradient_blocks: int = declare(least=1)
    """Blocks whose gradients are held at a time; the rows pass once for every that many blocks. [blocks]"""
    num_dropout_views: int = declare(least=1)
    """Views of each row that miss tokens at random; metrics of two views take the first two of all.
    [views of a row]"""
    view_dropout: float
    """Share of tokens that such a view misses. [share of the tokens]"""
    view_templates: list[str]
    """Frames with all fields of data.prompt, or with {prompt}, the whole of it: each is one more view, the
    same content in other words. Where data.prompt is not made of a {question} alone, general frames stand in
    for those of a question."""
    alpha: float = declare(neutral=1.0, positive=True)
    """Order of the matrix-based entropies; 1: von Neumann's, as published. [no unit]"""
    entropy_normalisation: str = declare(neutral="maxEntropy", among=rules.ENTROPY_NORMALISATIONS)
    """What the published entropies are divided by: maxEntropy (as published), logN, logD, logNlogD or raw."""
    energy_share: float = declare(neutral=0.95, share=True)
    """Share of the squared norm that metrics of the fewest directions ask for. [share]"""
    lens_positions: str = declare(among=("first", "all"))
    """first: the lens reads the first completion token of each row; all: every one."""

    def __post_init__(self) -> None:
        settle(self, "metrics")
        if not 0 <= self.view_dropout < 1:
            rules.refuse("metrics.view_dropout", self.view_dropout, "a share in [0, 1)")


class Reading(NamedTuple):
    """What of the states of a layer metrics are given."""

    tokens: str
    """all, no_first or no_massive."""
    standardised: bool

    @property
    def name(self) -> str:
        """As files and records call it."""
        return f"{self.tokens}-standardised" if self.standardised else self.tokens


@dataclass(kw_only=True)
class ProbeConfig:
    """How often the probe rows are drawn, and what of their states is read."""

    seeds: list[int]
    """One set of probe rows each; several report the spread. A pair draws each set by its seed, in the place
    of data.seed; a run keeps its probe rows as the first set and takes further ones from rows left over.
    [no unit]"""
    tokens: str = declare(neutral="all")
    """Tokens that are pooled and that token metrics see: all; no_first, all but the first of each row;
    no_massive, all but those of massive norm in the base, layer by layer, left out on both sides. Several
    joined by +, as in all+no_massive, are read in the same passes: the first is layers.csv, the others have
    files of their own."""
    massive_ratio: float = declare(neutral=20.0)
    """A token is massive at a layer where its norm in the base is above this many times the median norm of
    the layer's tokens; inf: none is. [median norms]"""
    dimensions: str = declare(neutral="plain")
    """plain; standardised, every dimension of the pooled states minus its mean over the base's rows and over
    its standard deviation there, without metrics of tokens and views; or plain+standardised, both."""

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            rules.refuse("probe.seeds", list(self.seeds), "one or more different whole numbers")
        for key, known in (("tokens", rules.TOKEN_SETS), ("dimensions", rules.DIMENSIONS)):
            given = getattr(self, key)
            if not set(given.split("+")) <= set(known) or len(set(given.split("+"))) < len(given.split("+")):
                rules.refuse(f"probe.{key}", given, f"{', '.join(known)}, or several joined by +")
        if not self.massive_ratio > 1:
            rules.refuse("probe.massive_ratio", self.massive_ratio, "a number above 1, or inf")

    @property
    def token_sets(self) -> list[str]:
        """The sets of tokens that are asked for."""
        return self.tokens.split("+")

    @property
    def readings(self) -> list[Reading]:
        """Every set of tokens with every treatment of dimensions; the first is the one of layers.csv."""
        kinds = [kind == "standardised" for kind in self.dimensions.split("+")]
        return [Reading(tokens, standardised) for standardised in kinds for tokens in self.token_sets]
