"""Shared beginnings are run once: the numbers are those of brute force, the passes those of the formulas."""

import itertools

import pytest
import torch

from src.bench.causal import measured
from src.intervene.engine.cost import num_passes
from src.intervene.engine.gates import BASE, TUNED, Gate
from src.intervene.engine.path import path_gradients
from src.intervene.engine.replay import Passing
from src.intervene.engine.variants import score_patterns
from src.intervene.engine.walk import num_steps, walk
from src.intervene.players import block_players, coalitions, segment_players, singles
from tests.intervene.conftest import NUM_BLOCKS, replay_of
from tests.intervene.test_gates import batch
from tests.intervene.test_variants import items_of

WHOLE = list(range(NUM_BLOCKS))


def blocks(bits):
    """Gates of a stack whose first and last parts did not move."""
    return (BASE, *(TUNED if bit else BASE for bit in bits), BASE)


def counted(patterns):
    """What a walk yields, how often it ran a block, and how many states it held at most."""
    alive, most, steps = [0], [0], [0]

    class State:
        def __init__(self, path):
            self.path = path
            alive[0] += 1
            most[0] = max(most[0], alive[0])

        def __del__(self):
            alive[0] -= 1

    def step(place, gate, state):
        steps[0] += 1
        return State((*state.path, gate))

    found = {index: state.path for index, state in walk(patterns, step, State(()))}
    return found, steps[0], most[0]


@pytest.mark.parametrize("segments", [3, 5])
def test_a_factorial_costs_what_the_formula_says(segments):
    patterns = [blocks(bits) for bits in itertools.product((0, 1), repeat=segments)]
    found, steps, most = counted(patterns)
    assert found == dict(enumerate(patterns))
    per_part = num_steps(patterns)
    assert sum(per_part) == steps
    passes = sum(per_part[1:-1]) / segments
    assert passes == pytest.approx((2 ** (segments + 1) - 2) / segments)
    assert most <= segments + 3  # one a player and a block's output; the walk's start holds nothing


def test_states_are_held_for_players_and_not_for_blocks():
    wide = [
        (BASE, *(TUNED if bits[block // 6] else BASE for block in range(30)), BASE)
        for bits in itertools.product((0, 1), repeat=5)
    ]
    _, _, most = counted(wide)
    assert most <= 5 + 3
    assert sum(num_steps(wide)[1:-1]) / 30 == pytest.approx(12.4)


def test_singles_both_ways_cost_one_pass_more_than_there_are_blocks():
    singles = [blocks([block == one for block in range(30)]) for one in range(30)]
    singles += [blocks([block != one for block in range(30)]) for one in range(30)]
    singles += [blocks([0] * 30), blocks([1] * 30)]
    _, _, most = counted(singles)
    passes = sum(num_steps(singles)[1:-1]) / 30
    assert 31 <= passes <= 33
    assert most <= 30 + 3


def test_a_walk_of_nothing_is_empty():
    assert list(walk([], lambda place, gate, state: state, 0)) == []
    assert num_steps([]) == []


def test_patterns_that_coincide_are_both_answered():
    found, steps, _ = counted([blocks([1, 0]), blocks([1, 0])])
    assert len(found) == 2
    assert steps == 4


@pytest.mark.parametrize("method", ["lora", "full"])
def test_the_walk_says_what_each_variant_says_alone(adapted_pair, method):
    replay = replay_of(adapted_pair("llama", method, WHOLE))
    players = [(0,), (1, 2), (3, 4)]
    patterns = []
    for bits in itertools.product((0.0, 1.0), repeat=3):
        shares = {part: bits[number] for number, parts in enumerate(players) for part in parts}
        patterns.append(tuple(Gate(shares.get(part, 0.0)) for part in replay.gates.parts))

    def step(place, gate, passing):
        if place == len(replay.gates.parts) - 1:
            return Passing(passing.batch, replay.head(passing.states, gate))
        return replay.step(place, gate, passing)

    with replay.running():
        found = {index: passing.states for index, passing in walk(patterns, step, Passing(batch()))}
        for index, pattern in enumerate(patterns):
            assert torch.equal(found[index], replay.logits(batch(), pattern))


def test_the_bench_counts_the_blocks_that_run(adapted_pair):
    """Of a model: L + 1 passes for singles both ways and 2 + 4 + .. for sets, and the tuned model before all."""
    adapted = adapted_pair("llama", blocks=WHOLE)
    replay, items = replay_of(adapted), items_of(adapted)
    gates = replay.gates
    single = [one for both in singles(gates, block_players(gates)) for one in both]
    asked = {"singles": single, "sets": coalitions(gates, segment_players(gates, 5))}
    counted = {
        name: measured(replay, items, lambda to, many=many: score_patterns(replay, items, many, to, 0))[0]
        for name, many in asked.items()
    }
    assert counted["sets"] == pytest.approx((2**6 - 2) / 5 + 1)
    assert counted["singles"] == pytest.approx(num_passes([gates.base, gates.tuned, *single], NUM_BLOCKS))
    path, _ = measured(replay, items, lambda to: path_gradients(replay, items, to, 0))
    assert path == pytest.approx(10 + 3 / len(items.batches))  # ten points, and a look at two rows
