"""Mixtures of base and tuned weights: ends, scaling, and when one is better than a uniform share."""

import itertools
import math
from pathlib import Path

import numpy
import pytest
import torch
import yaml

from src.data.passages import held_out_passages
from src.errors import ConfigError
from src.intervene.engine.gates import BASE, TUNED, Gate
from src.intervene.engine.make_items import english_items
from src.intervene.engine.parts import EMBEDDINGS, HEAD
from src.intervene.engine.replay import Passing, Replay
from src.intervene.engine.weight_gates import WeightGates
from src.intervene.merge.frontier import merge_frontier
from src.intervene.merge.plans import SHARES, as_published, line, shares_of, text_of, uniform
from src.intervene.merge.search import coordinate_search
from src.intervene.quantity import Quantity
from src.probe.lens.head_path import find_head_path
from tests.intervene.conftest import NUM_BLOCKS, replay_of

ROOT = Path(__file__).resolve().parents[2]
IDS = torch.arange(12).reshape(2, 6) + 3
BATCH = {"input_ids": IDS, "attention_mask": torch.ones_like(IDS)}


@pytest.fixture
def lora(adapted_pair):
    return adapted_pair("llama", blocks=range(NUM_BLOCKS))


@pytest.fixture
def full(adapted_pair):
    return adapted_pair("llama", "full", range(NUM_BLOCKS))


def logits(replay, pattern):
    with replay.running():
        return replay.logits(BATCH, pattern)


def test_all_shares_one_is_the_tuned_model_and_all_zero_the_base(full):
    gates = replay_of(full).gates
    for shares, end in (((1.0,) * 5, gates.tuned), ((0.0,) * 5, gates.base)):
        assert shares_of(gates, shares) == end == uniform(gates, shares[0])
    assert line(gates, 1.0) == gates.tuned


def test_a_line_rises_from_its_start_to_the_tuned_model(full):
    gates = replay_of(full).gates
    assert [gate.share for gate in line(gates, 0.2)] == pytest.approx([0.2, 0.2, 0.4, 0.6, 0.8, 1.0, 1.0])


def test_as_published_the_head_goes_with_the_last_segment_and_a_tied_embedding_with_the_head(adapted_pair):
    half = Gate(0.5)
    for family, method, ends in (("llama", "lora", (BASE, BASE)), ("llama", "full", (BASE, half)),
                                 ("gpt2", "full", (half, half))):  # fmt: skip
        gates = replay_of(adapted_pair(family, method, range(NUM_BLOCKS))).gates
        found = dict(zip(gates.parts, as_published(gates, (0.0, 1.0, 1.0, 1.0, 0.5)), strict=True))
        assert (found[EMBEDDINGS], found[HEAD]) == ends
        assert [found[block].share for block in range(NUM_BLOCKS)] == [0, 1, 1, 1, 0.5]


def test_scaling_an_adapter_is_mixing_dense_weights(lora):
    replay = replay_of(lora)
    found = logits(replay, shares_of(replay.gates, (0.25, 1.0, 0.5, 0.75, 1.25)))
    for block, share in enumerate((0.25, 1.0, 0.5, 0.75, 1.25)):
        for layer in replay.gates.layers[block]:
            a, b = layer.own
            layer.module.base_layer.weight.data += share * layer.scale * (b @ a)
    with torch.no_grad(), lora.model.disable_adapter():
        torch.testing.assert_close(found, lora.model(**BATCH).logits, rtol=0, atol=1e-5)


def test_merging_the_merge_multiplies_the_shares(full):
    replay, model = replay_of(full), full.model
    expected = logits(replay, uniform(replay.gates, 0.3))
    base = full.originals
    tuned = dict(model.named_parameters())
    with torch.no_grad():
        for name, before in base.items():
            tuned[name].data = torch.lerp(before, tuned[name].data, 0.6)
    head = find_head_path(model, full.loaded.blocks)
    merged = Replay(model, full.loaded.blocks, WeightGates(model, full.loaded.blocks, head, base, {}), head)
    torch.testing.assert_close(logits(merged, uniform(merged.gates, 0.5)), expected, rtol=0, atol=1e-5)


def test_a_part_that_is_linear_moves_the_logits_in_a_straight_line(adapted_pair):
    adapted = adapted_pair("llama", "full", [NUM_BLOCKS - 1])
    for name, before in adapted.originals.items():
        if "down_proj" not in name:  # the last thing a block adds: linear, with the stream behind it
            dict(adapted.model.named_parameters())[name].data.copy_(before)
    replay, unembed = replay_of(adapted), adapted.model.lm_head.weight

    def before_the_norm(share):
        passing = Passing(BATCH)
        with replay.running():
            for place, gate in enumerate(uniform(replay.gates, share)[:-1]):
                passing = replay.step(place, gate, passing)
            return passing.states @ unembed.T

    base, half, tuned = (before_the_norm(share) for share in (0.0, 0.5, 1.0))
    assert (tuned - base).abs().max() > 1e-3
    torch.testing.assert_close(half, (base + tuned) / 2, rtol=0, atol=1e-5)


def test_the_search_finds_the_best_of_separable_shares_and_asks_for_no_more_than_it_must():
    best, asked = (0.5, 1.25, 1.0), []

    def worth(tried):
        asked.append(len(tried))
        return [-sum((mine - one) ** 2 for mine, one in zip(shares, best, strict=True)) for shares in tried]

    assert coordinate_search(worth, 3) == best
    assert asked == [len(SHARES)] * 6
    assert coordinate_search(lambda tried: [0.0] * len(tried), 2) == (SHARES[0],) * 2


def test_the_search_is_never_worse_than_the_tuned_model():
    draw = numpy.random.default_rng(0)
    worths = {shares: draw.normal() for shares in itertools.product(SHARES, repeat=3)}
    found = coordinate_search(lambda tried: [worths[one] for one in tried], 3)
    assert worths[found] >= worths[1.0, 1.0, 1.0]


def test_a_mixture_is_better_only_where_it_keeps_more_at_an_equal_gain():
    draw = numpy.random.default_rng(1)
    gain, loss = 2 + draw.normal(size=(1, 50)), 1 + 0.2 * draw.normal(size=(1, 40))
    shares = (0.0, 0.5, 1.0)
    curve = {f"{share:g}": (share, -share) for share in shares}
    others = {"better": (0.8, -0.6), "same": (0.8, -0.8), "beyond": (1.2, -1.2)}
    rows = [
        Quantity(score, kind, name, numpy.repeat(values, 2, axis=0))
        for kind, named in (("uniform", curve), ("mixture", others))
        for name, (gained, kept) in named.items()
        for score, values in (("logp", gained * gain), ("english", -kept * loss))
    ]
    assert merge_frontier([row for row in rows if row.score == "logp"]) == []
    points = merge_frontier(rows)
    assert [one.share for one in points[:3]] == list(shares) and all(
        math.isnan(one.more) for one in points[:3]
    )
    assert {one.num_seeds for one in points} == {2}
    better, same, beyond = points[3:]
    assert better.more == pytest.approx(0.2 * loss.mean()) and better.more_low > 0
    assert same.more == pytest.approx(0, abs=1e-12)
    assert math.isnan(beyond.more) and beyond.gained == pytest.approx(1.2 * gain.mean())


def test_shares_are_written_as_the_published_script_takes_them():
    assert text_of((0.0, 1.0, 1.0, 1.0, 0.5)) == "0,1,1,1,0.5"
    assert TUNED.share == 1


def test_as_many_passages_as_the_default_asks_for_are_there_twice():
    """A mix is chosen on passages that it is not told on."""
    chosen = yaml.safe_load((ROOT / "conf" / "intervention" / "merge.yaml").read_text())
    assert 2 * chosen["num_passages"] <= len(held_out_passages())


def test_too_many_passages_are_refused_with_how_many_there_are(adapted_pair):
    tokenizer, there = adapted_pair("llama").loaded.tokenizer, len(held_out_passages())
    with pytest.raises(ConfigError, match=f"given {there + 1}; accepted: at most {there}, which"):
        english_items(there + 1, tokenizer, 32, 4)
    with pytest.raises(ConfigError, match=f"accepted: at most {there // 2}: this Python ships {there}"):
        english_items(there - 10, tokenizer, 32, 4, first=there - 10)
