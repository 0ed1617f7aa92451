"""Scores of items: those of a plain pass, whatever the batches; and a table that goes on after a kill."""

import itertools

import numpy
import pytest
import torch

from src.data.batches import collate
from src.data.encode import encode_rows
from src.data.rows import Row
from src.intervene.engine.gates import TUNED
from src.intervene.engine.item_table import ItemTable
from src.intervene.engine.make_items import english_items, task_items
from src.intervene.engine.variants import score_patterns
from src.method.weights import base_weights
from src.objective.causal_lm import causal_lm_loss
from tests.intervene.conftest import replay_of

ROWS = [Row(f"{'very ' * (n % 3)}{n} + {n} =", f" {2 * n}{' and more' * (n % 4)}", str(n)) for n in range(11)]


def items_of(adapted, rows=ROWS, batch_size=4, masked=False):
    return task_items(rows, adapted.loaded.tokenizer, 128, batch_size, masked)


def single_patterns(replay):
    return [replay.gates.pattern({block: TUNED}) for block in replay.gates.moved]


@pytest.fixture
def scored(adapted_pair, tmp_path):
    def make(adapted=None, items=None, folder="table", patterns=None):
        adapted = adapted or adapted_pair("llama")
        replay = replay_of(adapted)
        items = items or items_of(adapted)
        return score_patterns(replay, items, patterns or single_patterns(replay), tmp_path / folder, "pair")

    return make


def test_the_score_is_minus_the_loss_of_each_row(adapted_pair, scored):
    adapted = adapted_pair("llama")
    table = scored(adapted)
    encoded = encode_rows(ROWS, adapted.loaded.tokenizer, 128, "completion").rows
    for pattern, context in ((table.patterns[0], base_weights), (table.patterns[1], None)):
        for number, row in enumerate(encoded):
            with context(adapted) if context else torch.no_grad(), torch.no_grad():
                loss, count = causal_lm_loss(adapted.model, collate([row], 0))
            assert table.of("logp", pattern)[number] == pytest.approx(-float(loss) / count, abs=1e-5)


def test_batches_and_the_order_of_rows_change_nothing(adapted_pair, scored):
    adapted = adapted_pair("llama")
    table = scored(adapted)
    order = torch.randperm(len(ROWS), generator=torch.Generator().manual_seed(1)).tolist()
    other = scored(adapted, items_of(adapted, [ROWS[i] for i in order], batch_size=3), "other")
    for score in table.values:
        numpy.testing.assert_allclose(other.values[score], table.values[score][order], rtol=0, atol=1e-5)


def test_distances_are_kullback_and_leibler_against_both_ends(adapted_pair, scored):
    adapted = adapted_pair("llama")
    table = scored(adapted)
    base, tuned, *others = table.patterns
    assert numpy.abs(table.of("kl_base", base)).max() < 1e-6
    assert numpy.abs(table.of("kl_tuned", tuned)).max() == 0
    encoded = encode_rows(ROWS, adapted.loaded.tokenizer, 128, "completion").rows
    with torch.no_grad():
        rows = []
        for row in encoded:
            batch = collate([row], 0)
            chosen = (batch.pop("labels")[0] != -100)[1:]
            one = adapted.model(**batch).logits[0, :-1][chosen].double().log_softmax(-1)
            with base_weights(adapted):
                other = adapted.model(**batch).logits[0, :-1][chosen].double().log_softmax(-1)
            rows.append([(one.exp() * (one - other)).sum(-1).mean(), -(other.exp() * other).sum(-1).mean()])
    expected = torch.tensor(rows).numpy()
    numpy.testing.assert_allclose(table.of("kl_tuned", base), expected[:, 0], atol=1e-5)
    numpy.testing.assert_allclose(table.of("entropy", base), expected[:, 1], atol=1e-5)
    assert (table.of("kl_base", others[0]) > 0).all()


def test_a_block_that_did_not_move_has_the_bits_of_the_base(adapted_pair, scored):
    adapted = adapted_pair("llama")
    replay = replay_of(adapted)
    table = scored(adapted, patterns=[replay.gates.pattern({0: TUNED}), replay.gates.pattern({1: TUNED})])
    assert len(table.patterns) == 3
    assert replay.gates.pattern({0: TUNED}) == table.patterns[0]


def test_a_killed_table_goes_on_where_it_stood_bit_for_bit(adapted_pair, tmp_path):
    adapted = adapted_pair("llama")
    replay, items = replay_of(adapted), items_of(adapted)
    patterns = [
        replay.gates.pattern(
            {block: TUNED for block, bit in zip(replay.gates.moved, bits, strict=True) if bit}
        )
        for bits in itertools.product((0, 1), repeat=3)
    ]
    expected = score_patterns(replay, items, patterns, tmp_path / "whole", "pair")

    class Killed(Exception):
        pass

    done = iter([None, Killed])

    def kill():
        if next(done) is Killed:
            raise Killed

    with pytest.raises(Killed):
        score_patterns(replay, items, patterns, tmp_path / "cut", "pair", kill)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "cut").glob("batch-*.npz")}
    assert len(kept) == 2 < len(items.batches)
    found = score_patterns(replay, items, patterns, tmp_path / "cut", "pair")
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    for score, values in expected.values.items():
        assert numpy.array_equal(found.values[score], values)
    score_patterns(replay, items, patterns, tmp_path / "cut", "another pair")
    assert all(path.stat().st_mtime_ns != time for path, time in kept.items())


def test_a_table_is_read_as_it_was_written(scored, tmp_path):
    table = scored()
    table.write(tmp_path / "items.npz")
    again = ItemTable.read(tmp_path / "items.npz")
    assert (again.ids, again.patterns) == (table.ids, table.patterns)
    assert all(numpy.array_equal(again.values[name], table.values[name]) for name in table.values)


@pytest.mark.parametrize("family", ["gpt2", "opt", "mamba", "rwkv", "gpt_neox", "codegen", "mixtral", "bert"])
def test_every_family_has_scores_that_differ_between_its_ends(adapted_pair, scored, family):
    adapted = adapted_pair(family)
    table = scored(adapted, items_of(adapted, masked=family == "bert"))
    base, tuned, *_ = table.patterns
    gap = table.of("logp", tuned) - table.of("logp", base)
    assert numpy.isfinite(gap).all() and (gap != 0).all()


def test_english_is_what_the_harness_scores(make_config, adapted_pair, scored, tmp_path):
    from src.data.passages import held_out_passages
    from src.evaluate.english import _id as passage_id
    from src.evaluate.harness import evaluate

    adapted = adapted_pair("llama")
    config = make_config("evaluate.tasks=[english]", "evaluate.num_passages=12")
    tokenizer, window = adapted.loaded.tokenizer, adapted.loaded.model.config.max_position_embeddings
    found = evaluate(adapted.model, tokenizer, [], config.data, config.evaluate, tmp_path, 0)
    table = scored(adapted, english_items(12, tokenizer, 1024, 4))
    values = dict(zip(held_out_passages(), table.of("english", table.patterns[1]), strict=False))
    by_id = {passage_id(text): (text, value) for text, value in values.items()}
    compared = 0
    for sample in found.samples:
        text, value = by_id[sample["id"]]
        if len(text.encode()) < window:  # longer ones the harness reads in windows
            assert value == pytest.approx(sample["scores"]["nats_per_byte"], rel=1e-5)
            compared += 1
    assert compared > 3
