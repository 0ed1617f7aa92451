"""Batches: padding changes nothing, and any step is reached without replaying the ones before it."""

import math
from pathlib import Path

import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from src.config.schema import TrainConfig
from src.data.batches import by_length, collate, num_steps, step_rows
from src.data.encode import IGNORED, EncodedRow

CONF = Path(__file__).resolve().parents[2] / "conf" / "train" / "default.yaml"


def make_train(**values):
    return TrainConfig(**{**yaml.safe_load(CONF.read_text()), **values})


def test_collate_pads_at_the_right():
    batch = collate([EncodedRow("a", [5, 6, 7], [IGNORED, 6, 7]), EncodedRow("b", [8], [8])], pad_id=0)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[IGNORED, 6, 7], [8, IGNORED, IGNORED]]
    assert {tensor.dtype for tensor in batch.values()} == {torch.long}


def test_rows_without_labels_make_a_batch_without_labels():
    assert set(collate([EncodedRow("a", [1], None)], pad_id=0)) == {"input_ids", "attention_mask"}


@settings(max_examples=60, deadline=None)
@given(
    num_rows=st.integers(1, 40),
    batch_size=st.integers(1, 9),
    accumulation=st.integers(1, 4),
    seed=st.integers(0, 3),
)
def test_steps_walk_through_whole_epochs(num_rows, batch_size, accumulation, seed):
    steps = math.ceil(3 * num_rows / (batch_size * accumulation)) + 1
    micro = [step_rows(step, num_rows, batch_size, accumulation, seed) for step in reversed(range(steps))][
        ::-1
    ]
    assert all(len(step) == accumulation and {len(rows) for rows in step} == {batch_size} for step in micro)
    flat = [index for step in micro for rows in step for index in rows]
    for epoch in range(3):
        assert sorted(flat[epoch * num_rows : (epoch + 1) * num_rows]) == list(range(num_rows))


def test_accumulation_does_not_change_the_rows_of_a_step():
    whole = step_rows(3, 50, 12, 1, seed=0)[0]
    parts = step_rows(3, 50, 4, 3, seed=0)
    assert [index for part in parts for index in part] == whole


def test_epochs_and_seeds_have_orders_of_their_own():
    first, second = step_rows(0, 30, 30, 1, 0)[0], step_rows(1, 30, 30, 1, 0)[0]
    assert first != second
    assert first != step_rows(0, 30, 30, 1, 1)[0]


@pytest.mark.parametrize(
    ("values", "num_rows", "steps"),
    [
        ({"max_steps": 80}, 5, 80),
        ({"epochs": 1, "batch_size": 4, "gradient_accumulation_steps": 8}, 2000, 63),
        ({"epochs": 2}, 8, 2),
        ({"epochs": 0.1}, 2400, 30),
        ({"epochs": 0.001}, 8, 1),
    ],
)
def test_epochs_become_steps_rounded_up(values, num_rows, steps):
    assert num_steps(make_train(**{"max_steps": None, **values}), num_rows) == steps


def test_rows_of_like_length_share_a_batch_and_the_longest_come_first():
    assert by_length([3, 9, 5, 9, 4], 2) == [[1, 3], [2, 4], [0]]
    assert by_length([1, 1, 1, 1], 2) == [[0, 1], [2, 3]]
    assert by_length([], 2) == []
