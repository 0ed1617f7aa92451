"""Exchanged segments: where they start and end, what they must not touch, and the two heads."""

from types import SimpleNamespace

import numpy
import pytest
import torch

from src.data.batches import collate
from src.data.encode import encode_rows
from src.data.rows import Row
from src.intervene.engine.gates import BASE, TUNED
from src.intervene.engine.item_table import ItemTable
from src.intervene.engine.make_items import task_items, text_items
from src.intervene.engine.parts import EMBEDDINGS, HEAD, depth_order
from src.intervene.engine.scoring import ACCURACY
from src.intervene.engine.variants import score_patterns
from src.intervene.paper_scores import paper_scores
from src.intervene.players import segments
from src.intervene.quantity import over_seeds
from src.intervene.swap.exchange import INNER_AGAINST_OUTER, exchanges, quantities
from src.intervene.swap.published import published_variants
from tests.intervene.conftest import BAND, NUM_BLOCKS, replay_of

ROWS = [Row(f"{n} + {n} =", f" {2 * n}{' and more' * (n % 3)}", str(n)) for n in range(6)]


@pytest.fixture
def whole(adapted_pair):
    """Full tuning of everything, the head tied to the input embedding."""
    return adapted_pair("gpt2", "full", range(NUM_BLOCKS))


@pytest.mark.parametrize(
    ("num_blocks", "expected"),
    [
        (30, [(4, 5), (10, 11), (16, 17), (22, 23), (28, 29)]),
        (32, [(4, 5), (10, 11), (17, 18), (23, 24), (30, 31)]),
    ],
)
def test_the_published_blocks(num_blocks, expected):
    found = segments(SimpleNamespace(parts=depth_order(num_blocks)), 5)
    assert [one.parts[-2:] for one in found] == expected
    assert [block for one in found for block in one.parts] == list(range(num_blocks))


def test_a_lora_update_leaves_the_head_so_both_head_modes_are_one(adapted_pair):
    gates = replay_of(adapted_pair("llama")).gates
    found = published_variants(gates, 2)
    names = {name for head, name in found if head == "original"} - {"base"}
    assert len(names) == 6
    assert all(found["original", name] == found["transferred", name] for name in names)
    assert {one.head for one in exchanges(gates, 5)} == {"own"}


def test_every_segment_with_embeddings_and_head_is_the_tuned_model(whole):
    gates = replay_of(whole).gates
    parts = {part: TUNED for one in segments(gates, 5) for part in one.parts}
    assert gates.pattern(parts | {EMBEDDINGS: TUNED, HEAD: TUNED}) == gates.tuned
    assert gates.tied
    assert dict(zip(gates.parts, published_variants(gates, 2)["transferred", "no swap"], strict=True)) == {
        part: TUNED if part in (EMBEDDINGS, HEAD) else BASE for part in gates.parts
    }


def test_the_head_is_exchanged_alone_untied_from_the_input(whole):
    replay = replay_of(whole)
    before = {name: value.clone() for name, value in whole.model.state_dict().items()}
    (swap,) = [
        one
        for one in exchanges(replay.gates, 5)
        if (one.player, one.direction) == ("head", "tuned into base")
    ]
    ids = torch.arange(12).reshape(2, 6) + 3
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    inner, captured = whole.model.transformer, []
    with replay.running():
        found = replay.logits(batch, swap.pattern)
        hook = inner.ln_f.register_forward_pre_hook(lambda _, args: captured.append(args[0]))
        with replay.gates.whole(dict.fromkeys(replay.gates.parts, BASE)):
            inner(**batch)
        hook.remove()
    norm = [before[f"transformer.ln_f.{name}"] for name in ("weight", "bias")]
    states = torch.nn.functional.layer_norm(captured[0], captured[0].shape[-1:], *norm, inner.ln_f.eps)
    torch.testing.assert_close(found, states @ before["lm_head.weight"].T, rtol=0, atol=1e-5)
    after = whole.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_segments_outside_of_the_band_do_nothing_at_all(adapted_pair, tmp_path):
    adapted = adapted_pair("llama")
    replay = replay_of(adapted)
    items = task_items(ROWS, adapted.loaded.tokenizer, 128, 3, masked=False)
    patterns = [one.pattern for one in exchanges(replay.gates, 5)]
    table = score_patterns(replay, items, patterns, tmp_path, "pair")
    for one in quantities(replay.gates, table, "logp", 5):
        if one.player.startswith("blocks"):
            outside = int(one.player.split("-")[-1]) not in BAND
            assert bool((one.values == 0).all()) == outside, one.player


def test_in_a_game_that_adds_up_the_contrast_is_that_of_the_parts(adapted_pair):
    gates = replay_of(adapted_pair("llama", blocks=range(NUM_BLOCKS))).gates
    worth = dict(zip(gates.parts, [0.0, -1.0, 0.5, 0.25, 0.0, -3.0, 0.0], strict=True))
    noise = numpy.random.default_rng(0).normal(size=8)
    made = list(exchanges(gates, 5))
    patterns = list(dict.fromkeys([gates.base, gates.tuned, *(each for one in made for each in one[-2:])]))
    score = [
        sum(worth[part] * gate.share for part, gate in zip(gates.parts, one, strict=True)) for one in patterns
    ]
    values = noise[:, None] + numpy.array(score)
    table = ItemTable([str(n) for n in range(8)], patterns, {"logp": values, ACCURACY: values > 0})
    rows = over_seeds([list(quantities(gates, table, "logp", 5))] * 3)
    found = {(one.kind, one.player): one.estimate.value for one in rows}
    contrast = found["contrast, tuned into base, own head", INNER_AGAINST_OUTER]
    assert contrast == pytest.approx(0.25 - (-2.0))
    assert found["contrast, base into tuned, own head", INNER_AGAINST_OUTER] == pytest.approx(-contrast)
    assert found["gain", "all"] == pytest.approx(-3.25)
    exact = {(one.kind, one.player): one.values for one in quantities(gates, table.exact(), "exact", 5)}
    assert set(numpy.unique(exact["gain", "all"])) <= {-1.0, 0.0, 1.0}


def test_published_scores_count_every_token_of_the_text_once(adapted_pair, tmp_path):
    adapted = adapted_pair("llama")
    replay, tokenizer = replay_of(adapted), adapted.loaded.tokenizer
    items = text_items(ROWS, tokenizer, 128, 3)
    table = score_patterns(replay, items, [], tmp_path, "pair")
    (found,) = paper_scores("run", {("original", "tuned"): replay.gates.tuned}, items, table)
    right, losses = [], []
    for row in encode_rows(ROWS, tokenizer, 128, "all").rows:
        batch = collate([row], tokenizer.pad_token_id)
        labels = batch.pop("labels")[0, 1:]
        with torch.no_grad():
            logits = adapted.model(**batch).logits[0, :-1].log_softmax(-1)
        kept = labels != tokenizer.pad_token_id
        right += (logits.argmax(-1) == labels)[kept].tolist()
        losses += (-logits.gather(-1, labels[:, None])[:, 0])[kept].tolist()
    assert found.accuracy_paper == pytest.approx(sum(right) / len(right))
    assert found.perplexity_paper == pytest.approx(numpy.exp(numpy.mean(losses)), rel=1e-4)
