"""A selection inside training: what it takes, what it logs, and where it is plain training."""

from dataclasses import replace

import pytest
import torch

from src.config.data import DataConfig
from src.data.batches import step_rows
from src.errors import ConfigError
from src.method.catalog import adapt
from src.objective.catalog import make_objective
from src.train.describe_selection import describe_selection
from src.train.loop import train
from src.train.selection import check_selection, make_selection
from tests.train.test_loop import rows, without_seconds


@pytest.fixture
def trained(make_config, load_tiny, tmp_path):
    """trained(name, *overrides of data): the model after a few steps, and the step log."""

    def make(name, *overrides, **changes):
        config = make_config("train=smoke", "method=lora", "method.rank=4", "method.dropout=0.2", *overrides)
        steps = replace(
            config.train, **{"max_steps": 2, "batch_size": 2, "gradient_accumulation_steps": 1} | changes
        )
        adapted = adapt(load_tiny("llama"), config.method, [3, 4], 0)
        objective = make_objective(config.objective, adapted.loaded.tokenizer)
        blocks, made = adapted.loaded.blocks, rows()
        selection = make_selection(config.data, steps, made, objective, blocks, 0)
        done = train(
            adapted.model, made, steps, objective=objective, seed=0, folder=tmp_path / name, selection=selection
        )  # fmt: skip
        return adapted, done.steps, config.data

    return make


def test_all_candidates_without_a_filter_are_plain_training_bit_for_bit(trained):
    (tmp, plain, _), (same, log, _) = (
        trained("plain"),
        trained("all", "data.select=moderate", "data.select_share=1", "data.select_loss_filter=false"),
    )
    for name, value in tmp.trainable.items():
        assert torch.equal(value, same.trainable[name]), name
    shared = [{key: row[key] for key in plain[0] if key != "seconds"} for row in log]
    assert shared == without_seconds(plain)


@pytest.mark.parametrize("kind", ["moderate", "low", "high", "random"])
def test_every_choice_takes_as_many_rows_of_as_many_steps(trained, kind):
    _, log, data = trained(kind, f"data.select={kind}", "data.select_share=0.25")
    assert [row["selected"] for row in log] == [2, 2]
    assert all(2 <= row["kept_candidates"] <= 8 for row in log)
    assert all(row[f"overlap_{kind}"] == 1 for row in log)
    told = describe_selection(data, log)
    sign = {"low": -1, "high": 1}.get(kind, 0)
    assert sign * (told["gradient_norm"]["selected"] - told["gradient_norm"]["candidates"]) >= 0
    assert told["overlap"][kind] == 1
    assert told["overlap"]["low"] + told["overlap"]["high"] <= 1
    assert 0.25 <= told["overlap_by_chance"] <= 1


def test_it_goes_on_from_a_checkpoint_as_if_nothing_had_been(trained):
    asked = ("data.select=high", "data.select_share=0.5", "data.length_matched=true")
    whole, expected, _ = trained("run", *asked, checkpoint_steps=1)
    again, log, _ = trained("run", *asked, checkpoint_steps=1)  # the second step, from the checkpoint
    assert without_seconds(log) == without_seconds(expected)
    for name, value in whole.trainable.items():
        assert torch.equal(value, again.trainable[name])


def test_clip_scales_the_rows_above_the_median_down_to_it(make_config, load_tiny):
    config = make_config("data.select=clip", "data.select_share=0.25", "method.rank=4", "train.batch_size=4",
                         "train.gradient_accumulation_steps=1")  # fmt: skip
    adapted = adapt(load_tiny("llama"), config.method, [3, 4], 0)
    objective = make_objective(config.objective, adapted.loaded.tokenizer)
    found = make_selection(config.data, config.train, rows(), objective, adapted.loaded.blocks, 0)
    batches, weights, _ = found.step(adapted.model, 0)
    (candidates,) = step_rows(0, 24, 16, 1, 0)
    assert [len(batch) for batch in batches] == [1] * 4 == [1] * len(weights)
    assert all(row in candidates for (row,) in batches)
    assert max(weights) == 1 or max(weights) < 1
    _, norms = found._measured(adapted.model, candidates, 0)
    of_row = dict(zip(candidates, norms, strict=True))
    scaled = [weight * of_row[row] for weight, (row,) in zip(weights, batches, strict=True)]
    most = max(scaled)
    for weight, (row,) in zip(weights, batches, strict=True):
        assert weight == 1 or weight * of_row[row] == pytest.approx(most)
    assert any(weight < 1 for weight in weights)
    assert all(value.grad is None for value in adapted.trainable.values())


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["data.select=best"], "data.select: given 'best'; accepted: none, moderate"),
        (["data.select=low", "data.select_share=0"], "data.select_share: given 0"),
        (["data.select=low", "method=frozen"], "data.select: given 'low'; accepted: none with a method"),
        (
            ["data.select=low", "objective=simcse", "model=tiny_bert", "evaluate=none"],
            "data.select: given 'low'",
        ),
        (["data.select=low", "train.activation_checkpointing=true"], "data.select: given 'low'"),
    ],
)
def test_what_cannot_be_selected_is_one_line(make_config, overrides, told):
    with pytest.raises(ConfigError) as refused:
        make_config(*overrides)
    assert str(refused.value).startswith(told)
    assert "\n" not in str(refused.value)


def test_more_candidates_than_rows_leave_nothing_to_choose(make_config):
    config = make_config("data.select=low", "train.batch_size=8", "train.gradient_accumulation_steps=1")
    assert isinstance(config.data, DataConfig)
    check_selection(config.data, config.train, 40)
    with pytest.raises(
        ConfigError, match=r"data.select_share: given 0.2; accepted: at least 0.205: 40 candid"
    ):
        check_selection(config.data, config.train, 39)
