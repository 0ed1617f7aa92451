"""What a run is asked once it is trained: the settings of each analysis, and the group that holds all keys.

A new analysis has its settings here (every key `declare(neutral=..., hashed=False)`: an analysis changes
nothing of the run), a name in ANALYSES, a row of ANALYSES in src/pipeline/analyses.py and a file in
conf/intervention.
"""

from dataclasses import dataclass

from src.config.carrier import CarrierSettings
from src.config.eraser import EraserSettings
from src.config.keys import declare
from src.config.places import settle
from src.config.rules import refuse

FOLDER, ARMS = "intervene", "arms"
"""Below a run's folder or that of an experiment: tables of analyses, and those of arms of an experiment."""
ANALYSES = ("causal", "bands", "patch", "steer", "lens", "swap", "merge", "carrier", "eraser", "predictors")
KINDS = ("none", *ANALYSES)
SPLIT_KINDS = ("causal", "predictors")


@dataclass(kw_only=True)
class AskedSettings:
    """What every analysis has."""

    name: str = declare(neutral="none", hashed=False)
    """Which file of conf/intervention was chosen."""
    kind: str = declare(neutral="none", hashed=False, among=KINDS)
    """none, or the analysis that `python -m src.intervene KIND` makes of a finished run."""
    num_items: int | None = declare(neutral=None, hashed=False, least=2)
    """Test rows, from the first on; null: all. [rows]"""
    num_passages: int = declare(neutral=0, hashed=False)
    """Passages of English, to see where forgetting sits; 0: none. [passages]"""
    passage_tokens: int = declare(neutral=128, hashed=False, least=2)
    """Of each passage, from the first on. [tokens]"""
    batch_size: int = declare(neutral=25, hashed=False, least=1)
    """Of a batch. [rows]"""

    def __post_init__(self) -> None:
        settle(self, "intervention")
        if self.num_passages not in (0, max(self.num_passages, 2)):
            refuse("intervention.num_passages", self.num_passages, "0, or at least 2")

    @property
    def asks(self) -> bool:
        """Whether there is an analysis."""
        return self.kind in ANALYSES


@dataclass(kw_only=True)
class CausalSettings:
    """Where in the depth the gain sits."""

    controls: bool = declare(neutral=False, hashed=False)
    """causal: also the controls: noise of the same size, other blocks, other sizes."""
    players: str = declare(neutral="blocks", hashed=False, among=("blocks", "segments"))
    """causal: blocks, or segments: only the sets of five segments, a quarter of the passes."""
    scores: list[str] = declare(neutral=["logp"], hashed=False)
    """causal: of the task: logp, and exact: whether a greedy decoder writes the right completion."""
    split: str = declare(neutral="test", hashed=False, among=("test", "probe"))
    """causal, predictors: which rows are scored: test, or probe, where a run has hardly any of the former."""
    regret: bool = declare(neutral=False, hashed=False)
    """causal: also what is lost by choosing a fifth of the blocks by an observed profile."""

    def check_causal(self) -> None:
        """ConfigError for what these keys cannot be."""
        if self.scores not in (["logp"], ["logp", "exact"]):
            refuse("intervention.scores", list(self.scores), "[logp] or [logp,exact]")
        if self.players != "blocks" and (self.controls or self.regret):
            refuse("intervention.players", self.players, "blocks, with controls or regret")


@dataclass(kw_only=True)
class VectorSettings:
    """Vectors in place of weights: mean shifts of blocks (patch), few directions of them (steer)."""

    form: str = declare(neutral="sound", hashed=False, among=("sound", "published"))
    """patch, steer, swap, merge: sound, or published, as the published scripts do it."""
    positions: str = declare(neutral="completion", hashed=False, among=("completion", "prompt", "all"))
    """patch, steer: tokens that are pushed: completion (that predict it), prompt (those before) or all."""
    alphas: list[float] = declare(neutral=[-1.0, -0.5, 0.25, 0.5, 1.0, 2.0], hashed=False)
    """patch: sizes of the push, in units of the mean shift itself. [mean shifts]"""
    num_random: int = declare(neutral=20, hashed=False, least=1)
    """patch, steer: random directions of the same norm at the best place; carrier: carriers. [draws]"""
    num_pushed_blocks: int | None = declare(neutral=None, hashed=False, least=1)
    """patch, steer: how many blocks are pushed one by one, evenly over depth; null: all. [blocks]"""
    ranks: list[int] = declare(neutral=[1, 2, 4, 8, 16, 64], hashed=False)
    """steer: how many directions, beside all of them. [directions]"""
    num_examples: int = declare(neutral=5, hashed=False, least=1)
    """lens: items whose likeliest tokens are written out, layer by layer. [items]"""
    differences: str = declare(neutral="completion", hashed=False, among=("completion", "prompt_end"))
    """steer: tokens whose differences give directions: completion, or prompt_end, its last one."""

    def check_vectors(self) -> None:
        """Refuse settings that no analysis can have."""
        if not self.alphas or 0 in self.alphas or len(set(self.alphas)) < len(self.alphas):
            refuse("intervention.alphas", list(self.alphas), "different numbers other than 0")
        if not self.ranks or min(self.ranks) < 1 or len(set(self.ranks)) < len(self.ranks):
            refuse("intervention.ranks", list(self.ranks), "different whole numbers of at least 1")


@dataclass(kw_only=True)
class SegmentSettings:
    """Segments of the depth exchanged, or merged each by its own share."""

    num_segments: int = declare(neutral=5, hashed=False, least=3)
    """swap, merge, sound: into how many segments the blocks are cut. [segments]"""
    swap_depth: int = declare(neutral=2, hashed=False, least=1)
    """swap, published: how many blocks of a segment, from its end, are copied. [blocks]"""


@dataclass(kw_only=True)
class InterventionConfig(
    AskedSettings, CausalSettings, VectorSettings, SegmentSettings, CarrierSettings, EraserSettings
):
    """An analysis of a run, as its last stage but one. It changes nothing else of the run, so no id."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_vectors()
        self.check_carrier()
        self.check_eraser()
        self.check_causal()
        if self.split != "test" and self.asks and self.kind not in SPLIT_KINDS:
            refuse("intervention.split", self.split, f"test, or an analysis of {', '.join(SPLIT_KINDS)}")

    @property
    def is_published(self) -> bool:
        """Whether it is the analysis as its authors do it, by its form or by the file that was chosen."""
        return self.form == "published" or self.name == published_form(self.kind)


def published_form(kind: str) -> str:
    """The name of an analysis as its authors do it, and of the folder of its tables."""
    return f"{kind}_published"
