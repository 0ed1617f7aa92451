"""Ranks measure a model that none of them holds: tables, answers, what each holds, and what is refused."""

import shutil

import pandas
import pytest
import torch

from src.analyse import main as analyse
from src.command.compose import run_config
from src.errors import ConfigError, ModelError
from src.model.byte_tokenizer import byte_tokenizer
from src.model.tiny import build_tiny
from src.pipeline.pipeline import Pipeline
from src.pipeline.prepare import prepare
from src.record.folder import LAYERS, SAMPLES
from src.run import execute
from tests.forked import run_together

PIECES = ("debug=smoke", "train.num_processes=2", "train.measure_sharded=true")
FULL = (
    *("debug=smoke", "method=full", "band=whole", "model.num_blocks=2", "train.max_steps=2", "train.checkpoint_steps=null"),
    *("data.num_probe=3", "data.num_test=3", "metrics.batch_size=2", "evaluate.batch_size=2"),
    *("metrics.names=[mean_shift,weight_change,lens_pair_js]", "evaluate.tasks=[heldout]"),
)  # fmt: skip


def test_what_two_ranks_train_and_measure_in_pieces_one_measures_alike(tmp_path):
    """All weights train, so that those of the base are other pieces."""
    paths = [f"paths.runs_dir={tmp_path}/two", f"paths.cache_dir={tmp_path}/cache-of-two"]
    ended = run_together(2, "src.run", *FULL, *PIECES[1:], *paths)
    assert [one.returncode for one in ended] == [0, 0], ended[0].stderr[-4000:]
    config = run_config(*FULL, f"paths.runs_dir={tmp_path}/one", f"paths.cache_dir={tmp_path}/cache")
    folder = Pipeline(config).folder.path
    (two,) = (path.parent for path in (tmp_path / "two").rglob("run.json"))
    shutil.copytree(two, folder)
    for path in (folder / "run.json", *(folder / "stages").iterdir()):
        if path.name != "train.json":
            path.unlink()
    (folder / LAYERS).unlink()
    (folder / SAMPLES).unlink()
    execute(config)
    one, other = (pandas.read_csv(path / LAYERS) for path in (folder, two))
    moved = one[(one["metric"] == "weight_change") & (one["stage"] == "change")]["value"]
    assert (moved > 1e-5).any()
    pandas.testing.assert_frame_equal(one, other, rtol=1e-6, atol=1e-6)
    for name in (SAMPLES, "scores.json"):
        assert (folder / name).read_text() == (two / name).read_text()


GATED = (
    *("debug=smoke", "method=lora", "model.num_blocks=4", "train.max_steps=20", "train.learning_rate=0.02"),
    *("train.checkpoint_steps=null", "train.batch_size=6", "data.num_probe=4", "data.num_test=7", "evaluate=none"),
    *("metrics.names=[mean_shift,weight_change]", "intervention=causal", "intervention.batch_size=2"),
)  # fmt: skip


def test_where_the_gain_sits_three_ranks_find_in_pieces_as_one_does_with_a_whole_model(tmp_path):
    """Four batches on three ranks: two of them pass once beside the last. Forward, and back along the path."""
    paths = [f"paths.runs_dir={tmp_path}/three", f"paths.cache_dir={tmp_path}/cache"]
    pieces = ("train.num_processes=3", "train.measure_sharded=true")
    ended = run_together(3, "src.run", *GATED, *pieces, *paths)
    assert [one.returncode for one in ended] == [0, 0, 0], ended[0].stderr[-4000:]
    (three,) = (path.parent for path in (tmp_path / "three").rglob("run.json"))
    one = tmp_path / "one" / three.name
    shutil.copytree(three, one, ignore=shutil.ignore_patterns("intervene"))
    analyse([str(one), "--batch", "2"])
    for name in ("profile", "summary", "seen", "observed", "readings", "hybrids"):
        found, other = (pandas.read_csv(path / "intervene" / f"{name}.csv") for path in (three, one))
        pandas.testing.assert_frame_equal(found, other, rtol=1e-5, atol=1e-6)
    told = pandas.read_csv(three / "intervene" / "profile.csv")
    assert {"gain", "alone", "path", "shapley"} <= set(told["kind"])


def test_a_row_that_cannot_be_measured_ends_all_ranks_with_one_line(tmp_path):
    """One batch: rank 0 meets states that are not finite within a pass, which rank 1 makes beside it."""
    model = build_tiny("llama", num_blocks=3, width=32)
    with torch.no_grad():
        next(model.model.layers[1].parameters()).fill_(
            3e38
        )  # finite, so that it loads; what it is multiplied with is not
    model.save_pretrained(tmp_path / "m")
    byte_tokenizer().save_pretrained(tmp_path / "m")
    given = [
        "model=hf",
        f"model.id={tmp_path}/m",
        "method=frozen",
        "evaluate=none",
        "metrics.names=[mean_shift]",
    ]
    given += [f"paths.runs_dir={tmp_path}", f"paths.cache_dir={tmp_path}/cache", "data.num_probe=2"]
    ended = run_together(2, "src.run", *PIECES, *given)
    assert [one.returncode for one in ended] == [2, 0], [one.stderr[-2000:] for one in ended]
    (line,) = [line for line in ended[0].stderr.splitlines() if "inf or NaN" in line]
    assert line.startswith("strata: layer 2 (output of block 1)")
    assert "Traceback" not in ended[0].stderr + ended[1].stderr


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["intervention=causal", "method=full"], "intervention.kind: given 'causal'; accepted: none, or causal without controls"),
        (["intervention=causal", "intervention.controls=true"], "intervention.kind: given 'causal'; accepted: none, or causal without controls"),
        (["intervention=swap"], "intervention.kind: given 'swap'; accepted: none, or causal without controls"),
        (["control=random_direction", "control.size=0.1"], "control.kind: given 'random_direction'; accepted"),
    ],
)  # fmt: skip
def test_what_needs_whole_weights_is_refused(make_config, overrides, message):
    with pytest.raises(ConfigError) as raised:
        make_config(*PIECES, *overrides)
    assert message in str(raised.value)


def test_gradients_are_refused_where_nothing_is_whole(make_config, paths):
    config = make_config(*PIECES, "metrics.names=[fisher_trace,mean_shift]", *paths)
    with pytest.raises(
        ModelError, match="metrics.names: given fisher_trace, gradients of weights that no process"
    ):
        prepare(config)
