"""Vectors put into the base: what must hold whatever the model is."""

import copy

import pytest
import torch

from src.data.rows import Row
from src.intervene.engine.gates import BASE
from src.intervene.engine.make_items import task_items
from src.intervene.engine.scoring import gold
from src.intervene.vectors.differences import differences
from src.intervene.vectors.published import first_component, published_targets
from src.intervene.vectors.pushes import ends_of, layers, logits, places, pushed, slopes
from src.intervene.vectors.selection import chosen_apart, read_apart
from src.intervene.vectors.steer import _own, directions_of, energy_share
from src.intervene.vectors.variants import PushTable, Variant, always, score_pushes
from tests.intervene.conftest import NUM_BLOCKS, replay_of

ROWS = [Row(f"{n} + {n} =", f" {2 * n}", f"row-{n}") for n in (1, 12, 3, 45, 7, 8)]


@pytest.fixture
def pair(adapted_pair):
    """A replay of a tiny pair, with its items."""

    def make(family="llama", batch_size=4):
        adapted = adapted_pair(family, blocks=list(range(NUM_BLOCKS)))
        items = task_items(ROWS, adapted.loaded.tokenizer, 40, batch_size, masked=False)
        return adapted, replay_of(adapted), items

    return make


def test_a_push_of_nothing_is_the_base_and_leaves_its_bits(pair):
    adapted, replay, items = pair()
    before = {name: value.clone() for name, value in adapted.model.named_parameters()}
    with replay.running():
        for batch in items.batches:
            ends = ends_of(replay, batch, "completion")
            plain = logits(replay, batch, ends.base[-1], BASE)
            nothing = {block: torch.zeros(32) for block in range(NUM_BLOCKS)}
            assert torch.equal(pushed(replay, ends, nothing), plain)
            assert not torch.equal(pushed(replay, ends, {1: torch.ones(32)}), plain)
            assert torch.equal(logits(replay, batch, layers(replay, batch, BASE)[-1], BASE), plain)
    assert all(torch.equal(before[name], value) for name, value in adapted.model.named_parameters())


def test_the_vector_of_the_last_block_takes_the_mean_shift_away(pair):
    _, replay, items = pair()
    mean = differences(replay, items, "completion").mean()
    left = []
    with replay.running():
        for batch in items.batches:
            ends = ends_of(replay, batch, "completion")
            patched = ends.base[-1].states + mean[-1].float()
            left.append((ends.tuned[-1].states - patched)[ends.where])
    assert torch.cat(left).mean(dim=0).abs().max() < 1e-6
    assert mean[-1].norm() > 0.1


def test_behind_blocks_that_do_nothing_the_logits_move_by_the_vector_through_the_head(pair, monkeypatch):
    _, replay, items = pair()
    monkeypatch.setattr("src.intervene.engine.replay.Call.on", lambda self, block, states: states)
    replay.head_path = copy.copy(replay.head_path)
    head = replay.base.lm_head
    monkeypatch.setattr(replay, "head", lambda states, gate: head(states))  # without the final norm
    vector = torch.randn(32, generator=torch.Generator().manual_seed(1))
    with replay.running():
        ends = ends_of(replay, items.batches[0], "completion")
        moved = pushed(replay, ends, {2: 0.5 * vector}) - logits(replay, ends.batch, ends.base[-1], BASE)
    torch.testing.assert_close(moved, (0.5 * head.weight @ vector).expand_as(moved), rtol=1e-4, atol=1e-4)


def test_each_place_s_own_difference_at_the_last_block_is_the_tuned_model(pair):
    _, replay, items = pair()
    with replay.running():
        for batch in items.batches:
            ends = ends_of(replay, batch, "completion")
            found = pushed(replay, ends, _own(NUM_BLOCKS - 1, None, ends))
            trunk = ends.base[-1].states + (ends.tuned[-1].states - ends.base[-1].states)
            torch.testing.assert_close(trunk, ends.tuned[-1].states)
            expected = logits(replay, batch, ends.tuned[-1], BASE)  # only blocks moved
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_shuffled_pairs_have_the_same_mean(pair):
    _, replay, items = pair()
    moved = differences(replay, items, "completion")
    base, tuned = [], []
    with replay.running():
        for batch in items.batches:
            ends = ends_of(replay, batch, "completion")
            base.append(ends.base[3].states[ends.where])
            tuned.append(ends.tuned[3].states[ends.where])
    order = torch.randperm(len(torch.cat(base)), generator=torch.Generator().manual_seed(0))
    shuffled = (torch.cat(tuned)[order] - torch.cat(base)).double().mean(dim=0)
    torch.testing.assert_close(shuffled, moved.mean()[2], rtol=1e-4, atol=1e-5)


def test_slopes_are_those_of_small_steps(pair):
    adapted, replay, items = pair()
    adapted.model.double()
    replay.gates.updates = replay_of(adapted).gates.updates
    directions = differences(replay, items, "completion").mean()
    batch = items.batches[0]
    with replay.running(gradients=True):
        found = slopes(replay, batch, "completion", directions)
    step = 1e-3
    variants = [
        Variant("step", f"{block} {sign}", always({block: sign * step * directions[block]}))
        for block in (0, 3)
        for sign in (-1, 1)
    ]
    with replay.running():
        ends = ends_of(replay, batch, "completion")
        values = [gold(pushed(replay, ends, v.push(ends)).log_softmax(-1), batch) for v in variants]
    for place, block in enumerate((0, 3)):
        slope = (values[2 * place + 1] - values[2 * place]) / (2 * step)
        torch.testing.assert_close(found[:, block], slope, rtol=0.02, atol=1e-3)


def test_places_are_apart_and_cover_the_row(pair):
    _, _, items = pair()
    batch = items.batches[0]
    completion, prompt, every = (places(batch, name) for name in ("completion", "prompt", "all"))
    assert not (completion & prompt).any()
    assert (completion | prompt).sum() + len(batch.numbers) == every.sum()  # the end token predicts nothing
    assert torch.equal(every, batch.inputs["attention_mask"].bool())


def test_scores_of_a_table_do_not_depend_on_batches_and_are_gone_on_with(pair, tmp_path):
    _, replay, items = pair()
    _, _, alone = pair(batch_size=1)
    variants = [Variant("patched", "block 1, alpha 2", always({1: torch.ones(32)}))]
    tables = [
        score_pushes(replay, some, variants, "completion", tmp_path / name, "key")
        for some, name in ((items, "four"), (alone, "one"))
    ]
    for score in ("logp", "kl_tuned", "exact"):
        for name in tables[0].names:
            assert tables[0].of(score, name) == pytest.approx(tables[1].of(score, name), abs=1e-4)
    assert tables[0].of("kl_tuned", "tuned") == pytest.approx(0)
    again = score_pushes(replay, items, variants, "completion", tmp_path / "four", "key")
    assert (again.of("logp", "base") == tables[0].of("logp", "base")).all()


def test_equal_differences_have_one_direction_and_no_component():
    u = torch.tensor([3.0, 0.0, -4.0])
    same = u.expand(6, 3)
    torch.testing.assert_close(directions_of(same)[0], (u / 5).double())
    with pytest.raises(Exception, match="no direction; accepted: sound"):
        first_component(same)
    sizes = torch.tensor([1.0, 2.0, -0.5, 4.0, 3.0, 1.0])
    scaled = sizes[:, None] * u
    torch.testing.assert_close(directions_of(scaled)[0], (u / 5).double())
    assert first_component(scaled).abs() == pytest.approx((u / 5).abs().double())
    assert energy_share(scaled, torch.arange(6), "1")[0] == pytest.approx(1)


def test_energy_is_the_share_of_squares_and_grows_with_the_rank():
    rows = torch.randn(30, 8, generator=torch.Generator().manual_seed(2))
    squares = torch.linalg.svdvals(rows.double()).square()
    shares = [energy_share(rows, torch.arange(30), str(rank)) for rank in (1, 3, 8)]
    assert [one[0] for one in shares] == pytest.approx(
        [float(squares[:rank].sum() / squares.sum()) for rank in (1, 3, 8)]
    )
    assert shares[0][1] < shares[0][0] < shares[0][2]
    assert shares[2][0] == pytest.approx(1)


def test_the_best_of_noise_is_not_told_of_the_items_that_chose_it():
    draw = torch.Generator().manual_seed(0)
    reached = []
    for _ in range(200):
        values = torch.randn(20, 12, generator=draw).double().numpy()
        values[:, 0] = 0
        table = PushTable([""] * 20, ["base", "tuned", *map(str, range(10))], {"logp": values})
        names = table.names[2:]
        reached.append(read_apart(table, chosen_apart(table, names), "logp").mean())
        best = max(table.change("logp", name).mean() for name in names)
        assert best > reached[-1] or best == pytest.approx(reached[-1])
    assert abs(sum(reached) / 200) < 4 * 0.22 / 200**0.5


def test_published_targets_are_the_published_ones():
    assert published_targets(16) == [3, 7, 11, 15]
    assert published_targets(30) == [7, 15, 23, 29]
    assert published_targets(32) == [7, 15, 23, 31]
