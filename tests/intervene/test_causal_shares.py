"""The quantities on tables with known answers."""

from types import SimpleNamespace

import numpy
import pytest

from src.intervene.causal.hybrids import hybrids
from src.intervene.causal.profile import patterns, profile_additivity, quantities
from src.intervene.engine.gates import Gate, Gates
from src.intervene.engine.item_table import ItemTable
from src.intervene.engine.parts import EMBEDDINGS, HEAD, depth_order

NUM_BLOCKS, ITEMS = 10, 6


class Moved(Gates):
    """Gates without a model: only which parts moved matters here."""

    def __init__(self, moved):
        super().__init__(None, depth_order(NUM_BLOCKS))
        self._moved = [part for part in self.parts if part in moved]

    @property
    def moved(self):
        return self._moved

    def at(self, part, gate):
        raise NotImplementedError

    traced = add_noise = add_shifted = add_stored = at
    update_names = ("own",)


def made(gates, value):
    """The table of a game: `value` takes the set of tuned parts and gives a number an item."""
    variants = patterns(gates)
    columns = [
        value({part for part, gate in zip(gates.parts, pattern, strict=True) if gate.share})
        for pattern in variants
    ]
    values = numpy.stack(columns, axis=1)
    others = dict.fromkeys(("entropy", "kl_tuned", "kl_base"), numpy.zeros_like(values))
    return ItemTable([str(i) for i in range(ITEMS)], variants, {"logp": values, **others})


def lost(gates, table):
    """The variants that score below both ends."""
    return [one.tuned for one in hybrids(gates, table, "logp") if one.below_both]


def test_a_variant_that_loses_less_english_than_both_ends_is_not_doubted():
    """Of a loss the larger one is worse: a variant above both ends is flagged, one below them is not."""
    parts = depth_order(3)
    patterns = [tuple(Gate(float(part in on)) for part in parts) for on in ((), (0, 1, 2), (0,), (1,))]
    gates = SimpleNamespace(parts=parts, base=patterns[0], tuned=patterns[1])
    values = numpy.array([[0.80, 0.84, 0.79, 0.85]] * 2)
    others = dict.fromkeys(("entropy", "kl_tuned", "kl_base"), numpy.zeros_like(values))
    for score, flagged in (("english", ["1"]), ("logp", ["0"])):
        table = ItemTable(["a", "b"], patterns, {score: values, **others})
        assert [one.tuned for one in hybrids(gates, table, score) if one.below_both] == flagged


def found(gates, table):
    return {(row.kind, row.player): row.estimate.value for row in quantities(gates, table, "logp")}


@pytest.fixture
def terms():
    draw = numpy.random.default_rng(0)
    return {part: draw.normal(1, 0.3, ITEMS) for part in depth_order(NUM_BLOCKS)}


@pytest.mark.parametrize("around", [[], [EMBEDDINGS, HEAD]])
def test_where_parts_add_up_every_way_to_ask_has_one_answer(terms, around):
    gates = Moved([*range(NUM_BLOCKS), *around])
    table = made(gates, lambda tuned: -3 + sum((terms[part] for part in tuned), numpy.zeros(ITEMS)))
    values = found(gates, table)
    for block in range(NUM_BLOCKS):
        assert values["alone", f"block {block}"] == pytest.approx(terms[block].mean())
        assert values["left_out", f"block {block}"] == pytest.approx(terms[block].mean())
    for cut in range(NUM_BLOCKS + 1):
        assert values["interaction", f"block {cut}"] == pytest.approx(0, abs=1e-12)
    assert values["shapley", "blocks 2-3"] == pytest.approx((terms[2] + terms[3]).mean())
    for part in around:
        for kind in ("shapley", "alone", "left_out"):
            assert values[kind, part] == pytest.approx(terms[part].mean())
    assert profile_additivity(gates, table, "logp") == pytest.approx(1)
    assert lost(gates, table) == []


def test_a_block_that_did_not_move_has_exactly_nothing(terms):
    gates = Moved([2, 3, 7])
    values = found(gates, made(gates, lambda tuned: sum((terms[p] for p in tuned), numpy.zeros(ITEMS)) ** 2))
    assert values["alone", "block 5"] == values["left_out", "block 5"] == 0
    assert values["shapley", "blocks 4-5"] == 0
    assert values["shapley", "blocks 2-3"] != 0


def test_late_blocks_that_need_tuned_states_interact_at_the_cuts_between(terms):
    gates = Moved(range(NUM_BLOCKS))
    table = made(gates, lambda tuned: terms[1] * ({2, 8} <= tuned) - 5.0 * (tuned == {2}))
    values = found(gates, table)
    assert values["interaction", "block 5"] == pytest.approx(terms[1].mean())
    assert values["interaction", "block 2"] == pytest.approx(0, abs=1e-12)
    assert values["interaction", "block 9"] == pytest.approx(0, abs=1e-12)
    assert values["shapley", "blocks 2-3"] == pytest.approx(values["shapley", "blocks 8-9"])
    assert lost(gates, table) == ["2"]


def test_variants_are_named_by_their_tuned_parts(terms):
    gates = Moved([EMBEDDINGS, *range(NUM_BLOCKS), HEAD])
    names = [one.tuned for one in hybrids(gates, made(gates, lambda tuned: terms[0]), "logp")]
    assert names[:2] == ["none", "embeddings head 0-9"]
    assert {"embeddings", "4-5", "embeddings head 0-1 6-7", "head 5-9"} <= set(names)
    assert len(set(names)) == len(names)


def test_sets_of_segments_alone_are_the_same_game(terms):
    gates = Moved(range(NUM_BLOCKS))
    few = patterns(gates, by_block=False)
    assert len(few) == 32 and set(few) < set(patterns(gates))
    table = made(gates, lambda tuned: terms[1] * len(tuned) ** 2)
    short = {(row.kind, row.player): row.estimate.value for row in quantities(gates, table, "logp", False)}
    assert short.items() < found(gates, table).items()
    assert {kind for kind, _ in short} == {"gain", "shapley", "pair"}


def test_shares_are_the_gain_whatever_the_game():
    gates, draw = Moved(range(NUM_BLOCKS)), numpy.random.default_rng(1)
    table = made(gates, lambda tuned: draw.normal(size=ITEMS))
    values = found(gates, table)
    shares = [value for (kind, _), value in values.items() if kind == "shapley"]
    assert sum(shares) == pytest.approx(values["gain", "all"], abs=1e-12)
