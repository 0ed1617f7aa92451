"""Weights trained in place, against whole tensors in float64."""

import re

import pytest
import torch
from torch import nn

from src.control import rounding
from src.control.full_weights import InPlace
from src.control.groups import Group
from src.model.tiny import ARCHITECTURES

FAMILIES = sorted(set(ARCHITECTURES) - {"albert"})  # whose one block has nothing to be equalised with


def block_of(name, blocks):
    found = [index for index, block in enumerate(blocks) if name.startswith(block + ".")]
    return found[0] if found else None


def flat(weights, names):
    return torch.cat([weights[name].double().reshape(-1) for name in names])


def sizes_of(before, after, groups):
    return {
        key: (flat(after, some) - flat(before, some)).norm() / flat(before, some).norm()
        for key, some in groups.items()
    }


def by_block(adapted):
    groups = {}
    for name in adapted.trainable:
        groups.setdefault(block_of(name, adapted.loaded.blocks), []).append(name)
    return groups


def cosine(first, second):
    return (first @ second / (first.norm() * second.norm())).item()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_block_moves_by_one_relative_size_in_its_own_direction(
    adapted_of, control_of, steps_of, family
):
    adapted = adapted_of(family)
    groups = by_block(adapted)
    outside = groups.pop(None)
    for row, before, left, after in steps_of(adapted, control_of(adapted)):
        made, found = sizes_of(before, left, groups), sizes_of(before, after, groups)
        expected = sum(made.values()) / len(made)
        assert max(made.values()) > 1.02 * min(made.values())  # there was something to equalise
        for block, some in groups.items():
            torch.testing.assert_close(found[block], expected, rtol=1e-5, atol=0)
            steps = [flat(state, some) - flat(before, some) for state in (left, after)]
            assert cosine(*steps) == pytest.approx(1, abs=1e-6)
        assert row["relative_size"] == pytest.approx(expected.item(), rel=1e-6)
        assert row["block_relative_sizes"] == pytest.approx(
            [found[block].item() for block in range(10)], rel=1e-6
        )
        assert row["block_optimizer_sizes"] == pytest.approx(
            [made[block].item() for block in range(10)], rel=1e-6
        )
        assert row["relative_size_max"] <= row["relative_size_min"] * (1 + 1e-5)
        for name in outside:  # embeddings and head
            if "norm" not in type(adapted.model.get_submodule(name.rpartition(".")[0])).__name__.lower():
                assert torch.equal(after[name], left[name]), name


@pytest.mark.parametrize("target", ["mean", "median", "total", "fixed"])
def test_the_common_size(adapted_of, control_of, steps_of, target):
    adapted = adapted_of("llama")
    groups = by_block(adapted)
    del groups[None]
    extra = ["control.size=0.003"] if target == "fixed" else []
    for _, before, left, after in steps_of(adapted, control_of(adapted, f"control.target={target}", *extra)):
        made = torch.stack(list(sizes_of(before, left, groups).values()))
        found = torch.stack(list(sizes_of(before, after, groups).values()))
        middle = made.sort().values[4:6].mean()
        whole = [name for some in groups.values() for name in some]
        norms = [(flat(state, whole) - flat(before, whole)).norm() for state in (left, after)]
        expected = {
            "mean": made.mean(),
            "median": middle,
            "total": found.mean(),
            "fixed": torch.tensor(0.003),
        }
        torch.testing.assert_close(found, expected[target].double().expand(10), rtol=1e-5, atol=0)
        if target == "total":
            torch.testing.assert_close(norms[1], norms[0], rtol=1e-6, atol=0)


def missed(seed, size=2e-5):
    """By how much a block of matrices and norms misses a size near the last places of its weights."""
    draw = torch.Generator().manual_seed(seed)
    shapes = [(64,), (64, 256), (256, 64), (64, 64)]
    kept = [torch.ones(64), *(0.05 * torch.randn(shape, generator=draw) for shape in shapes[1:])]
    model = nn.Module()
    model.block = nn.ParameterList(kept)
    step = InPlace(model, [Group("block", 0, tuple(name for name, _ in model.named_parameters()))], [], True)
    step.before(0.0)
    before = snapshot(model)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 2e-6 * (torch.randn(weight.shape, generator=draw) / 3 + 1)
    left = snapshot(model)
    _, norms = step.moved()
    told = step.rescale(size * norms).item() / (size * norms).item() - 1
    names = list(before)
    moved = [flat(state, names) - flat(before, names) for state in (left, snapshot(model))]
    assert moved[1].norm().item() / norms.item() == pytest.approx(size * (1 + told), rel=1e-9)
    assert cosine(*moved) > 0.999
    return abs(told)


def snapshot(model):
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def test_updates_that_rounding_makes_miss_their_size_are_corrected(monkeypatch):
    corrected = [missed(seed) for seed in range(10)]
    monkeypatch.setattr(rounding, "CLOSE", 1.0)
    alone = [missed(seed) for seed in range(10)]
    assert max(corrected) < 1e-5 < max(alone)
    assert sum(corrected) < 0.2 * sum(alone)


def test_every_tensor_by_itself(adapted_of, control_of, steps_of):
    adapted = adapted_of("olmo2")
    groups = {name: [name] for name in adapted.trainable if block_of(name, adapted.loaded.blocks) is not None}
    control = control_of(adapted, "control.grouping=tensor")
    for _, before, left, after in steps_of(adapted, control):
        expected = torch.stack(list(sizes_of(before, left, groups).values())).mean()
        for found in sizes_of(before, after, groups).values():
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("kind", ["norms", "biases", "embeddings", "head"])
@pytest.mark.parametrize("treatment", ["group", "leave", "freeze"])
def test_each_kind_is_grouped_left_or_frozen(adapted_of, control_of, steps_of, kind, treatment):
    adapted = adapted_of("gpt_neox")  # an untied head
    control = control_of(adapted, f"control.{kind}={treatment}")
    pattern = {
        "norms": r"norm",
        "biases": r"layers.*(?<!norm)\.bias$",
        "embeddings": "embed_in",
        "head": "embed_out",
    }
    if adapted.loaded.model.get_output_embeddings() is not None:
        pattern["head"] = r"embed_out|lm_head"
    mine = [
        name
        for name in adapted.trainable
        if re.search(pattern[kind], name) and not (kind == "biases" and "layernorm" in name)
    ]
    assert mine
    for row, before, left, after in steps_of(adapted, control):
        for name in mine:
            if treatment == "freeze":
                assert torch.equal(after[name], before[name]), name
            elif treatment == "leave":
                assert torch.equal(after[name], left[name]), name
            else:
                assert not torch.equal(after[name], left[name]), name
        if kind in ("embeddings", "head") and treatment == "group":
            found = sizes_of(before, after, {0: mine})[0].item()
            assert found == pytest.approx(row["relative_size"], rel=1e-5)


def test_decay_inside_is_rescaled_and_outside_it_is_not(adapted_of, control_of, steps_of):
    rate, decay = 1e-3, 0.5
    for where in ("inside", "outside"):
        adapted = adapted_of("llama")
        groups = by_block(adapted)
        del groups[None]
        control = control_of(adapted, f"control.weight_decay={where}")
        for _, before, left, after in steps_of(adapted, control, rate=rate, decay=decay):
            keep = 1 - rate * decay if where == "outside" else 1.0
            kept = {name: value * keep for name, value in before.items()}
            made = torch.stack([(flat(left, some) - flat(kept, some)).norm() / flat(before, some).norm()
                                for some in groups.values()])  # fmt: skip
            for some in groups.values():
                found = (flat(after, some) - flat(kept, some)).norm() / flat(before, some).norm()
                torch.testing.assert_close(found, made.mean(), rtol=1e-5, atol=0)


def test_a_band_is_equalised_among_its_own_blocks(adapted_of, control_of, steps_of):
    adapted = adapted_of("gpt2", "full", [2, 3, 7])
    for row, *_ in steps_of(adapted, control_of(adapted)):
        sizes = row["block_relative_sizes"]
        assert [block for block, size in enumerate(sizes) if size is not None] == [2, 3, 7]
        assert sizes[2] == pytest.approx(sizes[7], rel=1e-5)


def test_moments_stay_what_the_optimizer_made(adapted_of, control_of, make_config):
    """Gradients that do not depend on the weights leave moments that know nothing of the control."""
    from src.train.optimizer import make_optimizer

    moments = []
    for name in ("none", "equal_step"):
        adapted = adapted_of("llama")
        control = control_of(adapted, f"control={name}")
        optimizer = make_optimizer(adapted.trainable.values(), make_config().train)
        for step in range(3):
            for value in adapted.trainable.values():
                value.grad = torch.full_like(value, 1.0 + step)
            control.before(0.0)
            optimizer.step()
            control.after(step)
        moments.append([state["exp_avg_sq"] for state in optimizer.state.values()])
    for first, second in zip(*moments, strict=True):
        assert torch.equal(first, second)


def test_none_measures_what_it_leaves_alone(adapted_of, control_of, steps_of):
    adapted = adapted_of("llama")
    groups = by_block(adapted)
    del groups[None]
    control = control_of(adapted, "control=none", "control.log_relative_sizes=true")
    for row, before, left, after in steps_of(adapted, control):
        assert all(torch.equal(left[name], after[name]) for name in left)
        expected = [size.item() for size in sizes_of(before, left, groups).values()]
        assert row == {"block_relative_sizes": pytest.approx(expected, rel=1e-6)}
