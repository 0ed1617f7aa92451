"""Every objective: exact under accumulation, refused where an architecture cannot have it."""

import math
from dataclasses import fields
from typing import get_type_hints

import pytest
import torch
from torch.nn import functional

from src.config.objective import KINDS
from src.data.rows import Row
from src.errors import DataError, ModelError
from src.method.catalog import adapt
from src.objective.catalog import OBJECTIVES, make_objective
from src.objective.info_nce import info_nce
from src.objective.objective import Draw

TEXTS = [
    f"{word} {word}s and other {word} things: a sentence of its own length {'x' * (3 * n)} ends here."
    for n, word in enumerate(["stone", "river", "cloud", "grass", "metal", "paper", "light", "sound"])
]
ROWS = [Row("", text, f"row{n}", label=("even", "odd")[n % 2]) for n, text in enumerate(TEXTS)]
MODEL_OF = {"masked_lm": "bert", "simcse": "bert"}


def own_settings(config):
    """Only what an objective says it reads: to read more is an error."""
    settings = config.of_kind.settings
    return settings(**{field.name: getattr(config, field.name) for field in fields(settings)})


@pytest.fixture
def made(make_config, load_tiny):
    """An objective, its model with every weight training, and the encoded rows."""

    def make(name, family=None, method="full"):
        config = make_config(f"objective={name}", f"method={method}")
        loaded = load_tiny(family or MODEL_OF.get(name, "gpt2"))
        objective = make_objective(own_settings(config.objective), loaded.tokenizer, ROWS)
        objective.check(loaded.model)
        adapted = adapt(loaded, config.method, list(range(loaded.num_blocks)), 0)
        objective.prepare(adapted, 0)
        return objective, adapted, objective.encode(ROWS, 160).rows

    return make


def gradient(objective, model, batches):
    """Of the step: every batch's sum over the count of all, as the loop does it."""
    model.zero_grad()
    total = sum(objective.count(batch) for batch in batches)
    for batch in batches:
        loss, count = objective.loss(model, batch)
        assert count == objective.count(batch)
        (loss / total).backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def test_an_objective_declares_the_settings_that_it_reads_and_the_id_knows_them():
    assert OBJECTIVES.keys() == KINDS.keys()
    for name, objective in OBJECTIVES.items():
        assert get_type_hints(objective)["config"] is KINDS[name].settings


@pytest.mark.parametrize("name", ["causal_lm", "masked_lm", "classification"])
def test_accumulation_is_the_whole_batch(made, name):
    objective, adapted, rows = made(name)
    adapted.model.eval()
    draw = Draw(3, 5)
    whole = gradient(objective, adapted.model, [objective.collate(rows, draw)])
    parts = [objective.collate(rows[i : i + 2], draw, i) for i in range(0, len(rows), 2)]
    counts = [objective.count(part) for part in parts]
    assert name == "classification" or len(set(counts)) > 1  # else a mean of means would do as well
    for key, value in gradient(objective, adapted.model, parts).items():
        torch.testing.assert_close(value, whole[key], rtol=1e-4, atol=1e-6)


def test_infonce_under_accumulation_is_the_mean_over_pairs_with_negatives_of_their_own_batch(made):
    objective, adapted, rows = made("contrastive")
    model, draw = adapted.model.eval(), Draw(0, 0)
    parts = [objective.collate(rows[i : i + n], draw, i) for i, n in ((0, 3), (3, 5))]
    found = gradient(objective, model, parts)
    model.zero_grad()
    oracle = 0.0
    for part in parts:
        pairs = len(part["same"])
        states = model.transformer(part["input_ids"], attention_mask=part["attention_mask"])[0]
        mask = part["attention_mask"].unsqueeze(-1)
        vectors = (states * mask).sum(1) / mask.sum(1)
        for i in range(pairs):
            cosines = functional.cosine_similarity(vectors[i : i + 1], vectors[pairs:]) / 0.05
            oracle = oracle - torch.log_softmax(cosines, 0)[i] / len(rows)
    oracle.backward()
    for key, value in found.items():
        torch.testing.assert_close(value, dict(model.named_parameters())[key].grad, rtol=1e-3, atol=1e-6)
    whole = gradient(objective, model, [objective.collate(rows, draw)])
    assert any((whole[key] - value).abs().max() > 1e-3 * value.abs().max() for key, value in found.items())


def test_infonce_is_log_pairs_for_equal_vectors_and_leaves_the_same_row_out():
    vectors, none = torch.ones(4, 3), torch.zeros(4, 4, dtype=torch.bool)
    assert info_nce(vectors, vectors, none, 0.05).item() == pytest.approx(4 * math.log(4), rel=1e-5)
    twice = none.clone()
    twice[0, 1] = twice[1, 0] = True
    expected = 2 * math.log(3) + 2 * math.log(4)
    assert info_nce(vectors, vectors, twice, 0.05).item() == pytest.approx(expected, rel=1e-5)


def test_masks_are_a_function_of_seed_step_and_place(made):
    objective, _, rows = made("masked_lm")
    whole = objective.collate(rows, Draw(1, 2))
    part = objective.collate(rows[3:5], Draw(1, 2), 3)
    width = part["input_ids"].shape[1]
    assert torch.equal(whole["input_ids"][3:5, :width], part["input_ids"])
    for other in (Draw(2, 2), Draw(1, 3)):
        assert not torch.equal(objective.collate(rows, other)["labels"], whole["labels"])


def test_masks_follow_the_published_shares(made):
    objective, _, rows = made("masked_lm")
    masked = kept = chosen = 0
    for step in range(60):
        batch = objective.collate(rows, Draw(0, step))
        plain = [row.input_ids for row in rows]
        for i, ids in enumerate(plain):
            labels, now = batch["labels"][i, : len(ids)], batch["input_ids"][i, : len(ids)]
            hit = labels != -100
            assert int(hit.sum()) == max(1, round(0.15 * len(ids)))
            assert torch.equal(labels[hit], torch.tensor(ids)[hit])
            assert torch.equal(now[~hit], torch.tensor(ids)[~hit])
            chosen += int(hit.sum())
            masked += int((now[hit] == objective.tokenizer.mask_token_id).sum())
            kept += int((now[hit] == labels[hit]).sum())
    assert masked / chosen == pytest.approx(0.8, abs=0.03)
    assert kept / chosen == pytest.approx(0.1, abs=0.03)


def test_masked_loss_and_gradient_are_the_model_s_own_mean(made):
    objective, adapted, rows = made("masked_lm")
    model, batch = adapted.model.eval(), objective.collate(rows, Draw(0, 0))
    ours = gradient(objective, model, [batch])
    model.zero_grad()
    model(**batch).loss.backward()
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(ours[name], parameter.grad, rtol=1e-3, atol=1e-6)


def test_views_differ_and_are_drawn_by_seed_and_step_alone(made):
    objective, adapted, rows = made("simcse")
    batch = objective.collate(rows, Draw(0, 0))
    adapted.model.eval()
    first, second = objective._views(adapted.model, batch)
    assert not torch.allclose(first, second)
    torch.rand(10)
    again, _ = objective._views(adapted.model.train(), batch)
    assert torch.equal(first, again)
    other, _ = objective._views(adapted.model, objective.collate(rows, Draw(0, 1)))
    assert not torch.equal(first, other)
    assert all(module.training for module in adapted.model.modules())


@pytest.mark.parametrize("family", ["opt", "gpt2", "gpt_neox", "codegen", "llama", "bert", "roberta"])
def test_simcse_finds_the_dropout_of_every_family_that_has_some(made, family):
    objective, adapted, rows = made("simcse", family)
    rates = [m.p for m in adapted.model.modules() if isinstance(m, torch.nn.Dropout)]
    loss, _ = objective.loss(adapted.model, objective.collate(rows[:3], Draw(0, 0)))
    assert loss.isfinite()
    assert rates == [m.p for m in adapted.model.modules() if isinstance(m, torch.nn.Dropout)]


@pytest.mark.parametrize(
    ("name", "family", "line"),
    [
        ("causal_lm", "bert", "objective=causal_lm: .*reads in both directions"),
        ("masked_lm", "gpt2", "objective=masked_lm: .*from left to right"),
        ("masked_lm", "mamba", "objective=masked_lm: .*from left to right"),
        ("simcse", "mamba", "objective=simcse: .*no dropout"),
        ("simcse", "rwkv", "objective=simcse: .*no dropout"),
    ],
)
def test_what_an_architecture_cannot_have_is_refused_in_one_line(made, name, family, line):
    with pytest.raises(ModelError, match=line):
        made(name, family)


def test_classification_without_labels_is_refused(make_config, load_tiny):
    loaded = load_tiny("gpt2")
    objective = make_objective(make_config("objective=classification").objective, loaded.tokenizer)
    with pytest.raises(DataError, match="labels: none; accepted: data=english"):
        objective.check(loaded.model)


def test_a_pair_is_two_adjacent_passages(made):
    objective, _, rows = made("contrastive")
    first, second = (objective.tokenizer.decode(ids) for ids in (rows[0].input_ids, rows[0].second))
    assert f"{first} {second}" in TEXTS[0]
    prompted = objective.encode([Row("What is it?", " A stone.", "a")], 64).rows[0]
    assert objective.tokenizer.decode(prompted.second) == "A stone."


@pytest.mark.parametrize("name", ["contrastive", "classification"])
@pytest.mark.parametrize("family", ["bert", "opt", "gpt_neox", "mamba", "rwkv"])
def test_padding_does_not_move_the_loss(made, name, family):
    objective, adapted, rows = made(name, family)
    adapted.model.eval()
    batch = objective.collate(rows, Draw(0, 0))
    wide = dict(batch)
    for key in ("input_ids", "attention_mask"):
        wide[key] = functional.pad(batch[key], (0, 5))
    with torch.no_grad():
        one, other = (objective.loss(adapted.model, each)[0] for each in (batch, wide))
    torch.testing.assert_close(one, other, rtol=2e-4, atol=1e-4)


def test_the_classification_layer_trains_and_belongs_to_no_block(made):
    objective, adapted, rows = made("classification")
    gradients = gradient(objective, adapted.model, [objective.collate(rows, Draw(0, 0))])
    assert "classification_head.weight" in gradients
    assert "classification_head.weight" in adapted.originals
    assert adapted.blocks == list(range(10))
