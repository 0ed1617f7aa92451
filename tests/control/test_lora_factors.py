"""LoRA: relative sizes of the merged weights, against matrices that are really built, in float64."""

import pytest
import torch

from src.model.tiny import ARCHITECTURES

FAMILIES = sorted(set(ARCHITECTURES) - {"albert"})  # whose one block has nothing to be equalised with


def merged(adapted, factors):
    """{layer: W + s B A} as the model would use it, in float64."""
    found = {}
    for name in adapted.modules:
        layer = adapted.model.get_base_model().get_submodule(name)
        a, b = (factors[f"base_model.model.{name}.lora_{one}.default.weight"].double() for one in "AB")
        product = layer.scaling["default"] * b @ a
        weight = layer.get_base_layer().weight.detach().double()
        found[name] = weight + (
            product.T if weight.shape != product.shape or layer.fan_in_fan_out else product
        )
    return found


def groups_of(adapted, grouping="block"):
    groups = {}
    for name in adapted.modules:
        (block,) = [i for i, one in enumerate(adapted.loaded.blocks) if name.startswith(one + ".")]
        groups.setdefault(block if grouping == "block" else name, []).append(name)
    return groups


def update(before, after, names):
    return torch.cat([(after[name] - before[name]).reshape(-1) for name in names])


def size(before, after, names):
    return (
        update(before, after, names).norm() / torch.cat([before[name].reshape(-1) for name in names]).norm()
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_merged_weights_of_every_block_move_by_one_relative_size(adapted_of, control_of, steps_of, family):
    adapted = adapted_of(family, "lora")
    groups = groups_of(adapted)
    for row, *states in steps_of(adapted, control_of(adapted), num_steps=4, rate=2e-2):
        before, left, after = (merged(adapted, state) for state in states)
        made = torch.stack([size(before, left, names) for names in groups.values()])
        found = torch.stack([size(before, after, names) for names in groups.values()])
        assert made.max() > 1.02 * made.min()
        torch.testing.assert_close(found, made.mean().expand(len(groups)), rtol=1e-5, atol=0)
        cosines = [
            torch.cosine_similarity(update(before, left, names), update(before, after, names), dim=0).item()
            for names in groups.values()
        ]
        assert row["merged_cosine_min"] == pytest.approx(min(cosines), abs=1e-6)
        assert row["block_relative_sizes"] == pytest.approx(found.tolist(), rel=1e-6)
        assert row["block_optimizer_sizes"] == pytest.approx(made.tolist(), rel=1e-6)
        assert row["relative_size"] == pytest.approx(made.mean().item(), rel=1e-6)


def test_factors_keep_the_direction_of_the_optimizer_s_step(adapted_of, control_of, steps_of):
    adapted = adapted_of("llama", "lora")
    for _, before, left, after in steps_of(adapted, control_of(adapted), num_steps=4):
        ratios = {}
        for name in before:
            made, found = ((state[name] - before[name]).double() for state in (left, after))
            if made.norm() > 0:
                assert torch.cosine_similarity(made.reshape(-1), found.reshape(-1), dim=0) > 1 - 1e-6
                ratios.setdefault(name.split("layers.")[1].split(".")[0], []).append(
                    (found.norm() / made.norm()).item()
                )
        for some in ratios.values():  # one factor for all tensors of a block
            assert max(some) == pytest.approx(min(some), rel=1e-4)


def test_every_layer_by_itself(adapted_of, control_of, steps_of):
    adapted = adapted_of("gpt2", "lora")  # weights stored [in, out]
    groups = groups_of(adapted, "tensor")
    for _, *states in steps_of(adapted, control_of(adapted, "control.grouping=tensor"), rate=1e-2):
        before, left, after = (merged(adapted, state) for state in states)
        made = torch.stack([size(before, left, names) for names in groups.values()])
        found = torch.stack([size(before, after, names) for names in groups.values()])
        torch.testing.assert_close(found, made.mean().expand(len(groups)), rtol=1e-5, atol=0)


@pytest.mark.parametrize("where", ["inside", "outside"])
def test_decay_of_the_factors(adapted_of, control_of, steps_of, where):
    rate, decay = 1e-2, 5.0
    adapted = adapted_of("llama", "lora")
    groups = groups_of(adapted)
    control = control_of(adapted, f"control.weight_decay={where}")
    for _, start, *states in steps_of(adapted, control, rate=rate, decay=decay):
        keep = 1 - rate * decay if where == "outside" else 1.0
        before, weights = (
            merged(adapted, {name: keep * value for name, value in start.items()}),
            merged(adapted, start),
        )
        left, after = (merged(adapted, state) for state in states)
        norms = {
            key: torch.cat([weights[name].reshape(-1) for name in names]).norm()
            for key, names in groups.items()
        }
        made = torch.stack([update(before, left, names).norm() / norms[key] for key, names in groups.items()])
        found = torch.stack(
            [update(before, after, names).norm() / norms[key] for key, names in groups.items()]
        )
        torch.testing.assert_close(found, made.mean().expand(len(groups)), rtol=1e-5, atol=0)


def test_no_matrix_as_large_as_a_weight_is_kept(adapted_of, control_of, steps_of):
    adapted = adapted_of("llama", "lora")
    control = control_of(adapted)
    for _ in steps_of(adapted, control, num_steps=1):
        kept = sum(part.numel() for layer in control.movement.layers for part in layer.before)
        assert kept == adapted.num_trainable


def test_one_band_of_lora_is_equalised_among_its_own_blocks(adapted_of, control_of, steps_of):
    adapted = adapted_of("opt", "lora", [4, 5])
    for row, *_ in steps_of(adapted, control_of(adapted)):
        sizes = row["block_relative_sizes"]
        assert [block for block, value in enumerate(sizes) if value is not None] == [4, 5]
        assert sizes[4] == pytest.approx(sizes[5], rel=1e-5)
