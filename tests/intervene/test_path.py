"""The share of every part along the path from base to tuned."""

import numpy
import pytest

from src.intervene.causal.measure import Found
from src.intervene.causal.study import _told
from src.intervene.engine.gates import Gate
from src.intervene.engine.parts import EMBEDDINGS, HEAD
from src.intervene.engine.path import path_gradients, rows_are_apart
from src.intervene.engine.variants import score_patterns
from tests.intervene.conftest import BAND, NUM_BLOCKS, replay_of
from tests.intervene.test_variants import ROWS, items_of

WHOLE = list(range(NUM_BLOCKS))


def gain(replay, items, folder):
    table = score_patterns(replay, items, [], folder, "pair")
    base, tuned = table.patterns
    return table.of("logp", tuned) - table.of("logp", base)


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gpt_neox", "codegen", "mamba", "rwkv"])
def test_the_shares_of_all_parts_are_the_gain(adapted_pair, tmp_path, family, method):
    # RWKV's embeddings start at 1e-4 and are normalised: no quadrature meets a step that is 300 times as long
    whole = method == "full" and family != "rwkv"
    adapted = adapted_pair(family, method, WHOLE if whole else BAND, size=0.03)
    replay, items = replay_of(adapted), items_of(adapted, ROWS[:5])
    found = path_gradients(replay, items, tmp_path / "path", "pair", num_nodes=16)
    expected = gain(replay, items, tmp_path / "ends")
    assert found["share"].shape == (5, len(replay.gates.moved))
    numpy.testing.assert_allclose(found["share"].sum(axis=1), expected, rtol=0.02, atol=2e-4)
    if whole:
        assert replay.gates.moved == [EMBEDDINGS, *WHOLE, HEAD]


def test_kinks_cost_nodes_and_not_the_sum(adapted_pair, tmp_path):
    """OPT's ReLU: the score has corners along the path, between which it is smooth."""
    adapted = adapted_pair("opt", "lora", BAND, size=0.03)
    replay, items = replay_of(adapted), items_of(adapted, ROWS[:5])
    expected = gain(replay, items, tmp_path / "ends")
    residuals = []
    for number in (8, 128):
        found = path_gradients(replay, items, tmp_path / f"{number}", "pair", num_nodes=number)
        residuals.append(numpy.abs(found["share"].sum(axis=1) - expected).max())
    assert residuals[1] < residuals[0] / 5
    assert residuals[1] < 2e-3


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_gradient_is_what_a_small_step_of_one_gate_changes(adapted_pair, tmp_path, method):
    adapted = adapted_pair("llama", method, WHOLE)
    replay, items = replay_of(adapted), items_of(adapted, ROWS[:3])
    found = path_gradients(replay, items, tmp_path / "path", "pair")
    step, block = 1e-2, 2
    place = replay.gates.moved.index(block)
    patterns = [replay.gates.pattern({block: Gate(share)}) for share in (-step, step)]
    table = score_patterns(replay, items, patterns, tmp_path / "steps", "pair")
    slope = (table.of("logp", patterns[1]) - table.of("logp", patterns[0])) / (2 * step)
    numpy.testing.assert_allclose(found["at_base"][:, place], slope, rtol=0.02, atol=2e-3)


def test_rows_together_and_one_by_one_agree(adapted_pair, tmp_path, monkeypatch):
    adapted = adapted_pair("llama", "full", WHOLE)
    replay, items = replay_of(adapted), items_of(adapted, ROWS[:4])
    assert rows_are_apart(replay, items.batches[0], replay.gates.moved)
    together = path_gradients(replay, items, tmp_path / "together", "pair", num_nodes=2)
    monkeypatch.setattr("src.intervene.engine.path.rows_are_apart", lambda *_: False)
    alone = path_gradients(replay, items, tmp_path / "alone", "pair", num_nodes=2)
    for name, values in together.items():
        numpy.testing.assert_allclose(alone[name], values, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("family", ["mamba", "rwkv", "mixtral"])
def test_a_model_whose_modules_are_not_linear_in_their_weights_is_noticed(adapted_pair, family):
    adapted = adapted_pair(family, "full", WHOLE)
    replay, items = replay_of(adapted), items_of(adapted, ROWS[:4])
    assert not rows_are_apart(replay, items.batches[0], replay.gates.moved)


def test_weights_get_no_gradient_and_train_as_before(adapted_pair, tmp_path):
    adapted = adapted_pair("llama", "full", BAND)
    replay, items = replay_of(adapted), items_of(adapted, ROWS[:2])
    before = [value.requires_grad for value in adapted.model.parameters()]
    path_gradients(replay, items, tmp_path / "path", "pair", num_nodes=1)
    assert [value.requires_grad for value in adapted.model.parameters()] == before
    assert all(value.grad is None for value in adapted.model.parameters())


def test_eight_nodes_are_exact_for_a_polynomial_of_degree_sixteen():
    nodes, weights = numpy.polynomial.legendre.leggauss(8)
    for degree in range(1, 17):
        integral = (weights / 2 * degree * ((nodes + 1) / 2) ** (degree - 1)).sum()
        assert integral == pytest.approx(1, abs=1e-12)
    beyond = (weights / 2 * 17 * ((nodes + 1) / 2) ** 16).sum()
    assert abs(beyond - 1) > 1e-11


@pytest.mark.parametrize(
    ("residual", "words"),
    [
        (0.004, "Path: residual 0.40 % of the gain."),
        (-0.43, "Path: residual -43.00 % of the gain, too much: its shares do not add up to it."),
        (float("nan"), ""),
    ],
)
def test_a_path_whose_shares_do_not_add_up_is_said_to_be_one(residual, words):
    found = Found("logp", [], 0.5, residual, [])
    assert _told(found).endswith(f".{' ' * bool(words)}{words}")
