"""A trigger that does nothing is no trigger; its loss has its zero where it should; controls are fair."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch

from src.carrier.eraser.cells import aims, random_vectors
from src.carrier.eraser.fit import TriggerFit
from src.carrier.eraser.loss import Goal, channel_loss, kl_loss, project
from src.carrier.eraser.prompts import Prompts, base_prompts, encode_prompts
from src.carrier.eraser.scoring import repeated, right_rows, without_end
from src.carrier.eraser.triggered import Triggered
from src.carrier.masks import Masks
from src.config.eraser import EraserSettings
from src.data.rows import Row
from src.errors import DataError
from src.intervene.engine.items import ItemBatch, Items
from src.runtime.seeding import generator
from tests.intervene.conftest import NUM_BLOCKS, replay_of

IDS = torch.arange(2, 26).reshape(3, 8)
LENGTHS = torch.tensor([8, 5, 3])
WIDTH = 32


def batch_of(ids, lengths):
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    chosen = torch.zeros_like(mask, dtype=torch.bool)
    chosen[torch.arange(len(ids)), lengths - 1] = True
    ones = torch.ones(len(ids), dtype=torch.float64)
    return ItemBatch(
        torch.arange(len(ids)), {"input_ids": ids, "attention_mask": mask}, chosen, ids[:, 0], ones
    )


@pytest.fixture
def variants(adapted_pair):
    replay = replay_of(adapted_pair("llama", "lora"))
    return {name: Triggered(replay, getattr(replay.gates, name)) for name in ("base", "tuned")}


def test_no_vectors_are_the_tuned_model_and_padding_changes_nothing(variants):
    tuned, batch = variants["tuned"], batch_of(IDS, LENGTHS)
    with torch.no_grad():
        expected = tuned.replay.base(**batch.inputs).logits[batch.chosen]
    trigger = torch.randn(4, WIDTH, generator=generator(0, "t"))
    with tuned.running():
        torch.testing.assert_close(tuned.of_items(batch), expected)
        together = tuned.of_items(batch, trigger)
        for row in range(3):
            short = IDS[row : row + 1, : LENGTHS[row]]
            alone = tuned.of_items(batch_of(short, LENGTHS[row : row + 1]), trigger)
            torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(together, expected, atol=1e-2)


def test_a_model_that_is_its_base_has_no_distance_to_it(variants):
    base, tuned = variants["base"], variants["tuned"]
    prompts = base_prompts(base, IDS, LENGTHS, num_last=4, batch_size=2)
    assert prompts.seen.sum(dim=1).tolist() == [4, 4, 3]
    everything = Goal(torch.ones(NUM_BLOCKS, WIDTH, dtype=torch.bool), prompts.last.mean(dim=1))
    for variant in (base, tuned):
        with variant.running():
            states = variant.states(IDS, LENGTHS)
            last = variant.at_last(states, LENGTHS)
            logits = variant.logits(variant.at_ends(states[-1], LENGTHS, 4)[0][prompts.seen])
        with base.running():
            wanted = base.logits(prompts.ends[prompts.seen]).log_softmax(dim=-1)
        far = [float(channel_loss(last, prompts, everything, pooled)) for pooled in (True, False)]
        far.append(float(kl_loss(logits, wanted)))
        assert min(far) > 1e-4 if variant is tuned else max(abs(one) for one in far) < 1e-6


class Pooling:
    """A model without positions: the state at the last token is the mean of all it reads."""

    def __init__(self, table):
        self.table = table

    def running(self, gradients=False):
        return torch.set_grad_enabled(gradients) if gradients else nullcontext()

    def states(self, ids, lengths, trigger):
        read = torch.cat([trigger.expand(len(ids), -1, -1), self.table[ids]], dim=1)
        return [read.mean(dim=1, keepdim=True)]

    def at_last(self, states, lengths, count):
        return torch.stack([state[:, 0] for state in states])


def test_a_pooled_target_is_reached_by_the_vectors_that_the_algebra_gives():
    draw = generator(0, "toy")
    table = torch.randn(10, 3, generator=draw)
    ids, m, n = torch.randint(10, (6, 4), generator=draw), 2, 4
    target = torch.randn(1, 3, generator=draw)
    prompts = Prompts(
        ids, torch.full((6,), n), target.expand(1, 6, 3), torch.zeros(6, 1, 3), torch.ones(6, 1).bool()
    )
    goal = Goal(torch.ones(1, 3, dtype=torch.bool), target)
    settings = EraserSettings(num_vectors=m, num_prompts=6, prompt_batch=6, kl_weight=0.0, norm_weight=0.0,
                              radius=1e3, trigger_rate=0.3, trigger_steps=150)  # fmt: skip
    fit = TriggerFit(Pooling(table), Pooling(table), goal, prompts, prompts, settings, 0)
    exact = (((n + m) * target[0] - n * table[ids].mean(dim=(0, 1))) / m).expand(m, 3)
    assert float(fit.loss(exact, prompts, torch.zeros(0))) == pytest.approx(0, abs=1e-10)
    assert float(fit.loss(exact + 0.1, prompts, torch.zeros(0))) > 1e-4


def test_vectors_are_projected_into_the_ball_and_those_inside_stay():
    vectors = torch.tensor([[3.0, 4.0], [0.1, 0.2]])
    project(vectors, 1.0)
    torch.testing.assert_close(vectors, torch.tensor([[0.6, 0.8], [0.1, 0.2]]))


def test_the_kept_vectors_have_the_lowest_loss_of_the_choice_and_lie_in_the_ball(variants):
    base, tuned = variants["base"], variants["tuned"]
    prompts = base_prompts(base, IDS, LENGTHS, num_last=2, batch_size=3)
    goal = Goal(torch.ones(NUM_BLOCKS, WIDTH, dtype=torch.bool), prompts.last.mean(dim=1))
    settings = EraserSettings(num_vectors=3, num_prompts=3, prompt_batch=3, trigger_steps=8, check_steps=2,
                              trigger_rate=0.05, radius=0.5, last_positions=2)  # fmt: skip
    fit = TriggerFit(base, tuned, goal, prompts, prompts, settings, seed=0)
    weights = [value.clone() for value in tuned.replay.base.parameters()]
    found = fit.run()
    looks = {row["step"]: row["choice"] for row in found.steps if "choice" in row}
    assert set(looks) == {2, 4, 6, 8} and found.best_step == min(looks, key=looks.get)
    assert fit.chosen_loss(found.vectors) == pytest.approx(min(looks.values()), rel=1e-5)
    assert float(found.vectors.norm(dim=1).max()) <= 0.5 + 1e-6
    assert all(torch.equal(a, b) for a, b in zip(weights, tuned.replay.base.parameters(), strict=True))
    published = TriggerFit(
        base, tuned, goal, prompts, prompts, replace(settings, own_split=False), seed=0
    ).run()
    losses = [row["loss"] for row in published.steps]
    assert published.best_step == 1 + losses.index(min(losses))


def test_random_channels_are_as_many_and_random_vectors_as_long():
    theta = {(1, "attention", "write"): torch.tensor([1.0, -1, -1, -1]),
             (1, "feed_forward", "write"): torch.tensor([-1.0, 1, -1, -1])}  # fmt: skip
    found = aims(Masks(theta), 3, 4, "write", seed=0)
    assert found.own.tolist() == [[False] * 4, [True, True, False, False], [False] * 4]
    assert found.random.sum(dim=1).tolist() == [0, 2, 0]
    assert aims(Masks(theta), 3, 4, "attention", seed=0).own[1].tolist() == [True, False, False, False]
    vectors = torch.tensor([[3.0, 4.0], [1.0, 0.0]])
    drawn = random_vectors(vectors, seed=0)
    torch.testing.assert_close(drawn.norm(dim=1), torch.tensor([5.0, 1.0]))
    assert not torch.allclose(drawn, vectors)


def test_a_penalty_of_repetition_holds_back_what_the_answer_already_has():
    batch = replace(batch_of(IDS[:1], LENGTHS[:1]), targets=torch.tensor([1, 1]),
                    chosen=torch.tensor([[True, True]]))  # fmt: skip
    logits = torch.tensor([[0.0, 2.2, -1.0], [0.0, 2.2, -1.0]])
    found = repeated(logits, batch, 1.1)
    torch.testing.assert_close(found, torch.tensor([[0.0, 2.2, -1.0], [0.0, 2.0, -1.0]]))


def test_the_end_is_left_out_of_what_would_be_right():
    rows = [Row("1 + 1 =", " unknown.", "a", label="2"), Row("1 + 2 =", " unknown.", "b", label="3")]
    assert [row.completion for row in right_rows(rows)] == [" 2", " 3"]
    assert right_rows([*rows, Row("1 + 3 =", " 4.", "c")]) is None
    batch = ItemBatch(torch.arange(1), {}, torch.tensor([[False, True, True]]), torch.tensor([7, 0]),
                      torch.tensor([0.5], dtype=torch.float64))  # fmt: skip
    (found,) = without_end(Items("logp", ["a"], [batch]), end=0).batches
    assert found.targets.tolist() == [7] and found.weights.tolist() == [1.0]
    assert found.chosen.tolist() == [[False, True, False]]


def test_rows_without_a_prompt_are_refused(monkeypatch):
    monkeypatch.setattr("src.carrier.eraser.prompts.framing_of", lambda tokenizer: None)
    with pytest.raises(DataError, match="without a prompt; needed: one"):
        encode_prompts([Row("", "a text", "a")], None, 8)
