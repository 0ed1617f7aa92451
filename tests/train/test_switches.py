"""What a GPU user switches on: packed rows, rows of like length, compiled blocks, another attention."""

from dataclasses import replace

import pytest
import torch

from src.data.batches import collate, like_length_rows, packed, step_rows
from src.errors import ConfigError, ModelError
from src.method.catalog import adapt
from src.model.load import load_model
from src.model.packing import check_packing
from src.model.tiny import ARCHITECTURES
from src.model.trunk import block_modules
from src.objective.catalog import make_objective
from src.objective.causal_lm import CausalLM, causal_lm_loss
from src.train.compiling import compiled
from src.train.loop import train
from tests.train.test_loop import rows

PACKS = {"llama", "olmo2", "mistral", "qwen3", "gpt2", "gpt_neox", "codegen", "mixtral"}


@pytest.fixture
def small(make_config, tmp_path):
    """A tiny model of two blocks."""

    def load(family, *more):
        config = make_config(f"model=tiny_{family}", "model.num_blocks=2", "model.width=32", *more).model
        return load_model(config, tmp_path, torch.device("cpu"))

    return load


def gradients(model, batch):
    model.requires_grad_(True).zero_grad()
    total, count = causal_lm_loss(model, batch)
    (total / count).backward()
    found = {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
    return total.item(), count, found


@pytest.mark.parametrize("family", ARCHITECTURES)
def test_packed_rows_have_the_loss_and_the_gradient_of_padded_ones_or_are_refused(small, family):
    model = small(family).model
    if family not in PACKS:
        with pytest.raises(
            ModelError, match=r"train.packing: .*(is told no positions|read each other).*accepted"
        ):
            check_packing(model)
        return
    check_packing(model)
    batch = collate(rows(4, vocabulary=250), 0)
    total, count, expected = gradients(model, batch)
    found, same, close = gradients(model, packed(batch))
    assert same == count == CausalLM.count(None, batch)
    assert found == pytest.approx(total, rel=1e-5)
    for name, value in expected.items():
        torch.testing.assert_close(
            close[name], value, rtol=2e-4, atol=2e-6, msg=lambda text, n=name: f"{n}: {text}"
        )


def test_a_model_whose_packed_rows_read_each_other_is_refused(small, monkeypatch):
    model = small("llama").model
    plain = model.forward
    monkeypatch.setattr(model, "forward", lambda input_ids, position_ids=None: plain(input_ids=input_ids))
    with pytest.raises(ModelError, match="read each other"):
        check_packing(model)


def test_what_packing_cannot_serve_is_refused_in_one_line(make_config):
    for given, told in (
        (["objective=simcse"], "train.packing: .*objective=simcse"),
        (["data.select=random"], "train.packing: .*data.select"),
    ):
        with pytest.raises(ConfigError, match=told):
            make_config("train.packing=true", *given)


@pytest.mark.parametrize("num_steps", [7, 60])
def test_rows_of_like_length_are_the_same_rows_in_fuller_batches(num_steps):
    lengths = [len(row.input_ids) for row in rows(90)]
    given = {"batch_size": 4, "accumulation": 2, "seed": 3}
    plain = [step_rows(step, len(lengths), *given.values()) for step in range(num_steps)]
    alike = [like_length_rows(step, lengths, *given.values(), num_steps) for step in range(num_steps)]
    for start in range(0, num_steps, 50):
        some = slice(start, start + 50)
        flat = [
            sorted(row for step in steps[some] for batch in step for row in batch) for steps in (plain, alike)
        ]
        assert flat[0] == flat[1]
    assert [len(batch) for step in alike for batch in step] == [4] * 2 * num_steps

    def padded(steps):
        return sum(
            4 * max(lengths[row] for row in batch) - sum(lengths[row] for row in batch)
            for step in steps
            for batch in step
        )

    assert padded(alike) < 0.4 * padded(plain)
    first = [max(lengths[row] for row in step[0]) for step in alike]
    assert first not in (sorted(first), sorted(first, reverse=True))  # long and short ones come by lot


def test_the_loop_packs_groups_and_says_the_same_loss(small, make_config, tmp_path):
    def losses(name, **changes):
        config = make_config("train=smoke", "method=lora", "method.dropout=0.0")
        steps = replace(
            config.train, max_steps=2, gradient_accumulation_steps=2, checkpoint_steps=None, **changes
        )
        loaded = small("llama")
        adapted = adapt(loaded, config.method, [0, 1], 0)
        objective = make_objective(config.objective, loaded.tokenizer)
        done = train(adapted.model, rows(), steps, objective=objective, seed=0, folder=tmp_path / name)
        return [row["loss"] for row in done.steps]

    for name in ("plain", "packed", "grouped"):
        (tmp_path / name).mkdir()
    plain = losses("plain")
    assert losses("packed", packing=True) == pytest.approx(plain, rel=1e-5)
    assert losses("grouped", group_by_length=True) != plain


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")  # dynamo's own look
def test_compiled_blocks_have_the_gradients_of_plain_ones_and_are_plain_again(small):
    model = small("llama").model
    batch = collate(rows(4), 0)
    total, _, expected = gradients(model, batch)
    modules = block_modules(model, ["model.layers.0", "model.layers.1"])
    with compiled(modules, backend="aot_eager"):
        found, _, close = gradients(model, batch)
        assert all(module._compiled_call_impl is not None for module in modules)
    assert found == pytest.approx(total, rel=1e-5)
    for name, value in expected.items():
        torch.testing.assert_close(close[name], value, rtol=1e-4, atol=1e-6)
    again, _, same = gradients(model, batch)
    assert again == total
    assert all(torch.equal(same[name], value) for name, value in expected.items())


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_attention_is_computed_as_asked(small, attention):
    loaded, other = small("llama", f"model.attention={attention}"), small("llama")
    assert loaded.model.config._attn_implementation == attention
    ids = torch.arange(4, 16)[None]
    torch.testing.assert_close(loaded.model(ids)[0], other.model(ids)[0], rtol=1e-4, atol=1e-5)


def test_attention_that_is_not_here_is_refused_in_one_line(small, make_config):
    with pytest.raises(ConfigError, match="model.attention: .*eager or sdpa"):
        make_config("model=tiny_llama", "model.attention=flash_attention_2")
    with pytest.raises(
        ModelError, match="model.attention: given flash_attention_2, which .* cannot have here"
    ):
        small("llama", "model.attention=flash_attention_2", "model.dtype=bfloat16")
