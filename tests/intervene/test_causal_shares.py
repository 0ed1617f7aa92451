"""The quantities on tables with known answers."""

import numpy
import pytest

from src.intervene.causal.profile import off_manifold, patterns, profile_additivity, quantities
from src.intervene.engine.gates import Gates
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
    return ItemTable([str(i) for i in range(ITEMS)], variants, {"logp": numpy.stack(columns, axis=1)})


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
    assert off_manifold(gates, table, "logp") == []


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
    assert off_manifold(gates, table, "logp") == [gates.pattern({2: gates.tuned[3]})]


def test_shares_are_the_gain_whatever_the_game():
    gates, draw = Moved(range(NUM_BLOCKS)), numpy.random.default_rng(1)
    table = made(gates, lambda tuned: draw.normal(size=ITEMS))
    values = found(gates, table)
    shares = [value for (kind, _), value in values.items() if kind == "shapley"]
    assert sum(shares) == pytest.approx(values["gain", "all"], abs=1e-12)
