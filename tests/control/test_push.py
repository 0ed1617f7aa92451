"""The null: as large as asked for, tensor by tensor, and nothing of a training in it."""

import json

import pytest
import torch

from src.control.push import make_push
from src.errors import ConfigError
from src.method.weights import save_tuned
from src.storage.files import write_json

FAMILIES = ("gpt2", "codegen", "bert", "mamba", "rwkv")
LORA = ("llama", "gpt2")


def updates_of(adapted, push):
    """By layer or parameter: the update of the merged weight, and the weight before; float64."""
    before = merged(adapted)
    push.apply(adapted)
    return {name: (value - before[name], before[name]) for name, value in merged(adapted).items()}


def merged(adapted):
    if not adapted.config.of_kind.low_rank:
        return {name: value.detach().double().clone() for name, value in adapted.trainable.items()}
    found = {}
    for name in adapted.modules:
        layer = adapted.model.get_base_model().get_submodule(name)
        found[name] = (
            layer.get_base_layer().weight.detach().double()
            + layer.get_delta_weight("default").detach().double()
        )
    return found


@pytest.fixture
def push_of(make_config):
    """push_of(adapted, *overrides, seed=0)."""

    def make(adapted, *overrides, seed=0):
        return make_push(make_config("control=random_direction", *overrides).control, adapted, seed)

    return make


@pytest.fixture
def source_of(tmp_path):
    """source_of(adapted): the folder of a finished run whose update is the one that `adapted` has now."""

    def write(adapted):
        folder, plan, blocks = tmp_path / "source", adapted.plan, range(adapted.loaded.num_blocks)
        save_tuned(adapted, folder / "adapter")
        lora = plan and {"ranks": [plan.ranks.get(b, 0) for b in blocks],
                         "scales": [plan.scale_of(b) if b in plan.ranks else None for b in blocks]}  # fmt: skip
        model = {
            "id": "x",
            "fingerprint": adapted.loaded.fingerprint,
            "num_blocks": adapted.loaded.num_blocks,
        }
        found = {"blocks": adapted.blocks, "modules": adapted.modules, "lora": lora}
        write_json(folder / "run.json", {"status": "success", "model": model, "adapted": found})
        return folder

    return write


def trained(adapted, scale=0.1):
    """Move every trainable tensor by something that is not alike in any two of them."""
    draw = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for place, value in enumerate(adapted.trainable.values()):
            value.add_(scale / (1 + place % 5) * torch.randn(value.shape, generator=draw))
    return adapted


@pytest.mark.parametrize("family", FAMILIES)
def test_every_tensor_moves_by_the_share_asked_for(adapted_of, push_of, family):
    adapted = adapted_of(family)
    for update, before in updates_of(adapted, push_of(adapted, "control.size=0.01")).values():
        assert update.norm().item() == pytest.approx(0.01 * before.norm().item(), rel=1e-4)


@pytest.mark.parametrize("family", LORA)
def test_of_lora_it_is_the_merged_weight_that_moves(adapted_of, push_of, family):
    adapted = adapted_of(family, "lora", [1, 2])
    found = push_of(adapted, "control.size=0.02").apply(adapted)
    sizes = found["block_relative_sizes"]
    assert sizes[1:3] == pytest.approx([0.02, 0.02])
    assert {size for block, size in enumerate(sizes) if block not in (1, 2)} == {None}
    for name in adapted.modules:
        layer = adapted.model.get_base_model().get_submodule(name)
        delta, weight = layer.get_delta_weight("default"), layer.get_base_layer().weight
        assert delta.norm().item() == pytest.approx(0.02 * weight.norm().item(), rel=1e-4)
        assert torch.linalg.matrix_rank(delta.double(), rtol=1e-5) == 4


def test_only_the_band_moves(adapted_of, push_of):
    adapted = adapted_of("llama", "full", [1])
    before = {name: value.detach().clone() for name, value in adapted.model.named_parameters()}
    sizes = push_of(adapted, "control.size=0.01").apply(adapted)["block_relative_sizes"]
    assert [block for block, size in enumerate(sizes) if size is not None] == [1]
    moved = {name for name, value in adapted.model.named_parameters() if not torch.equal(value, before[name])}
    assert moved == set(adapted.trainable)


def test_what_lies_outside_of_blocks_can_stay(adapted_of, push_of):
    adapted = adapted_of("llama")
    stay = ["control.embeddings=leave", "control.head=leave", "control.norms=leave"]
    updates = updates_of(adapted, push_of(adapted, "control.size=0.01", *stay))
    still = {name for name, (update, _) in updates.items() if not update.any()}
    assert {"model.embed_tokens.weight", "model.norm.weight"} <= still
    assert not any("proj" in name for name in still)


def test_a_seed_is_a_draw_and_a_tensor_knows_no_other(adapted_of, push_of):
    one, again, other = (
        updates_of(adapted_of("llama"), push_of(None, "control.size=0.01", seed=seed)) for seed in (0, 0, 1)
    )
    part = updates_of(adapted_of("llama", "full", [1]), push_of(None, "control.size=0.01"))
    name = "model.layers.1.self_attn.q_proj.weight"
    assert torch.equal(one[name][0], again[name][0])
    assert torch.equal(one[name][0], part[name][0])
    cosine = torch.nn.functional.cosine_similarity(one[name][0].flatten(), other[name][0].flatten(), 0)
    assert abs(cosine) < 0.2


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("spectrum", [False, True])
def test_a_source_gives_every_tensor_its_size_and_its_spectrum(
    adapted_of, push_of, source_of, method, spectrum
):
    moved = trained(adapted_of("gpt2", method))
    base = adapted_of("gpt2", method)
    wanted = {name: value - merged(base)[name] for name, value in merged(moved).items()}
    source = source_of(moved)
    push = push_of(base, f"control.source={source}", f"control.spectrum={spectrum}")
    for name, (update, _) in updates_of(base, push).items():
        assert update.norm().item() == pytest.approx(wanted[name].norm().item(), rel=1e-3)
        if spectrum and update.dim() > 1:
            values = [torch.linalg.svdvals(one) for one in (update, wanted[name])]
            assert values[0] == pytest.approx(values[1], rel=1e-2, abs=1e-5)
        if update.numel() > 500:
            assert (
                abs(torch.nn.functional.cosine_similarity(update.flatten(), wanted[name].flatten(), 0)) < 0.4
            )


def test_a_source_of_other_blocks_ranks_or_weights_is_one_line(adapted_of, push_of, source_of):
    source = source_of(trained(adapted_of("llama", "lora", [1, 2])))
    given = f"control.source={source}"
    with pytest.raises(
        ConfigError, match=r"control.source: given .*trained blocks 1-2 of 10.*accepted: a run that"
    ):
        push_of(adapted_of("llama", "lora", [1, 2, 3]), given)
    with pytest.raises(ConfigError, match="other layers, ranks or scales"):
        push_of(adapted_of("llama", "lora", [1, 2], "method.alpha=3"), given)
    record = json.loads((source / "run.json").read_text())
    write_json(source / "run.json", record | {"model": record["model"] | {"fingerprint": "other"}})
    with pytest.raises(ConfigError, match="of other weights") as refused:
        push_of(adapted_of("llama", "lora", [1, 2]), given)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ((), "control: given 'control.size=None, control.source=None'"),
        (("control.size=0.01", "control.source=x"), "control: given"),
        (("control.size=0",), "control.size"),
        (("control.size=0.01", "control.spectrum=true"), "control.spectrum"),
    ],
)
def test_keys_that_do_not_go_together(push_of, overrides, told):
    with pytest.raises(ConfigError, match=told):
        push_of(None, *overrides)
