"""The presets of the published band study against its table of settings, ranks and scales."""

from dataclasses import replace

import pytest

from src.command.compose import CONF
from src.method.band import resolve_band
from src.method.rank import plan_lora
from src.sweep.grid.expand import composer
from src.sweep.grid.spec import read_sweep

SWEEPS = CONF.parent / "sweeps"

# By model: pattern to (rank, first block, last block, sum of ranks, alpha / rank) of the published scripts.
TABLE = {
    "olmo2_1b": {
        "whole": (64, 0, 15, 1024, 2.000), "10000": (341, 0, 2, 1023, 0.375), "01000": (341, 3, 5, 1023, 0.375),
        "00100": (341, 6, 8, 1023, 0.375), "00010": (341, 9, 11, 1023, 0.375), "00001": (256, 12, 15, 1024, 0.500),
        "01100": (170, 3, 8, 1020, 0.753), "00110": (170, 6, 11, 1020, 0.753), "01110": (113, 3, 11, 1017, 1.133),
    },
    "olmo2_7b": {
        "whole": (64, 0, 31, 2048, 2.000), "10000": (341, 0, 5, 2046, 0.375), "01000": (341, 6, 11, 2046, 0.375),
        "00100": (292, 12, 18, 2044, 0.438), "00010": (341, 19, 24, 2046, 0.375), "00001": (292, 25, 31, 2044, 0.438),
        "01100": (157, 6, 18, 2041, 0.815), "00110": (157, 12, 24, 2041, 0.815), "01110": (107, 6, 24, 2033, 1.196),
    },
    "olmo2_13b": {
        "whole": (64, 0, 39, 2560, 2.000), "10000": (320, 0, 7, 2560, 0.400), "01000": (320, 8, 15, 2560, 0.400),
        "00100": (320, 16, 23, 2560, 0.400), "00010": (320, 24, 31, 2560, 0.400), "00001": (320, 32, 39, 2560, 0.400),
        "01100": (160, 8, 23, 2560, 0.800), "00110": (160, 16, 31, 2560, 0.800), "01110": (106, 8, 31, 2544, 1.208),
    },
    "olmo2_32b": {
        "whole": (8, 0, 63, 512, 16.000), "10000": (42, 0, 11, 504, 3.048), "01000": (39, 12, 24, 507, 3.282),
        "00100": (39, 25, 37, 507, 3.282), "00010": (39, 38, 50, 507, 3.282), "00001": (39, 51, 63, 507, 3.282),
        "01100": (19, 12, 37, 494, 6.737), "00110": (19, 25, 50, 494, 6.737), "01110": (13, 12, 50, 507, 9.846),
    },
}  # fmt: skip
CELLS = [(model, band) for model, bands in TABLE.items() for band in bands]
TRAINING = {"olmo2_1b": ("gsm8k", 1e-4), "olmo2_7b": ("mmlu", 1e-4), "olmo2_13b": ("gsm8k", 2e-4),
            "olmo2_32b": ("gsm8k", 5e-5), "mistral_7b": ("mmlu", 1e-4)}  # fmt: skip


@pytest.mark.parametrize(("model", "band"), CELLS)
def test_every_band_of_every_model_has_its_published_rank_and_scale(make_config, model, band):
    config = make_config(f"experiment=band_study_{model}", f"band={band}")
    blocks = resolve_band(config.band, config.model.num_blocks, seed=0)
    shapes = [[(config.model.width, config.model.width)] * 4] * config.model.num_blocks
    plan = plan_lora(config.method, blocks, shapes)
    found = (plan.rank, blocks[0], blocks[-1], plan.rank_units, round(plan.scale, 3))
    assert found == TABLE[model][band]


@pytest.mark.parametrize("model", TRAINING)
def test_settings_of_the_published_scripts(make_config, model):
    config = make_config(f"experiment=band_study_{model}")
    train, method, data = config.train, config.method, config.data
    assert (data.name, train.learning_rate) == TRAINING[model]
    assert (config.model.name, config.model.dtype, train.precision) == (model, "bfloat16", "bfloat16")
    assert (train.epochs, train.max_steps, train.batch_size, train.gradient_accumulation_steps) == (
        1,
        None,
        4,
        8,
    )
    assert (train.schedule, train.warmup_steps, train.max_grad_norm) == ("linear", 0, 1.0)
    assert (method.alpha, method.dropout, method.scaling, method.targets) == (
        128,
        0.05,
        "fixed_alpha",
        "attention",
    )
    assert data.num_train == 2000
    assert config.experiment == f"band_study_{model}"


def test_published_repeats_what_changes_numbers(make_config):
    config = make_config("experiment=band_study_olmo2_1b")
    assert config.fidelity == "published"
    assert (config.data.max_length, config.data.strip_annotations) == (128, False)
    assert config.objective.supervise == "all"
    assert config.evaluate.batch_size == 32
    for name in ("gsm8k_0shot", "mmlu_0shot"):
        ability = config.evaluate.retention_tasks[name]
        assert (ability.num_test, ability.max_new_tokens, ability.stop) == (100, 64, [])
    assert config.evaluate.tasks == ["gsm8k_0shot", "mmlu_0shot", "english", "gcd"]


@pytest.mark.parametrize("model", TRAINING)
def test_sound_does_it_right(make_config, model):
    config = make_config(f"experiment=band_study_{model}", "fidelity=sound")
    assert config.fidelity == "sound"
    assert (config.data.max_length, config.data.strip_annotations) == (512, True)
    assert config.objective.supervise == "completion"
    assert (config.evaluate.tasks, config.evaluate.num_fewshot, config.evaluate.limit) == (
        ["gsm8k", "mmlu", "english", "gcd"],
        None,
        None,
    )
    published = make_config(f"experiment=band_study_{model}")
    assert (config.train, config.model) == (published.train, published.model)
    of_penalty = {
        "penalty_k": 768,
        "penalty_whole_matrix": True,
    }  # of another paper, and without a penalty unread
    assert replace(config.method, **of_penalty) == published.method


def test_a_fidelity_needs_no_preset(make_config):
    assert make_config("fidelity=published").objective.supervise == "all"
    assert make_config().fidelity is None


@pytest.mark.parametrize("model", TRAINING)
@pytest.mark.parametrize("fidelity", ["published", "sound"])
@pytest.mark.parametrize(
    ("name", "num_runs"), [("band_study", 46), ("band_study_controls", 138), ("band_study_rates", 54)]
)
def test_sweeps_take_every_preset(name, num_runs, model, fidelity):
    """One preset with all runs; of the other nine every tenth, each another tenth."""
    sweep = read_sweep(
        SWEEPS / f"{name}.yaml", [f"experiment=band_study_{model}", f"fidelity={fidelity}"], None
    )
    assert len(sweep.cells) == num_runs
    place = 2 * list(TRAINING).index(model) + (fidelity == "sound")
    cells = sweep.cells[place::10] if place else sweep.cells
    with composer(sweep) as composed:
        found = [composed.run(cell.overrides) for cell in cells]
    assert {config.model.name for config in found} == {model}
    assert {config.fidelity for config in found} == {fidelity}
    assert len({repr(config) for config in found}) == len(cells) >= 4
