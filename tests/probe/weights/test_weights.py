import math

import pytest
import torch

from src.metrics.optimization.singular_rotation import NUM_DIRECTIONS
from src.probe.weights.tensor_kinds import tensor_kind
from src.probe.weights.weights import update_rows

NAMES = ["weight_change", "update_effective_rank", "update_stable_rank", "singular_rotation"]

KINDS = {  # by the names that each family gives its weights
    "llama": {
        "self_attn.q_proj": "q", "self_attn.k_proj": "k", "self_attn.v_proj": "v", "self_attn.o_proj": "o",
        "mlp.gate_proj": "gate", "mlp.up_proj": "up", "mlp.down_proj": "down",
        "input_layernorm": "norm", "post_attention_layernorm": "norm",
    },
    "olmo2": {"self_attn.q_norm": "norm", "self_attn.k_norm": "norm", "self_attn.q_proj": "q"},
    "gpt2": {
        "ln_1": "norm", "attn.c_attn": "qkv", "attn.c_proj": "o", "ln_2": "norm", "mlp.c_fc": "up",
        "mlp.c_proj": "down",
    },
    "opt": {
        "self_attn.k_proj": "k", "self_attn.v_proj": "v", "self_attn.q_proj": "q", "self_attn.out_proj": "o",
        "self_attn_layer_norm": "norm", "fc1": "up", "fc2": "down", "final_layer_norm": "norm",
    },
    "gpt_neox": {
        "attention.query_key_value": "qkv", "attention.dense": "o", "mlp.dense_h_to_4h": "up",
        "mlp.dense_4h_to_h": "down", "input_layernorm": "norm",
    },
    "codegen": {"attn.qkv_proj": "qkv", "attn.out_proj": "o", "mlp.fc_in": "up", "mlp.fc_out": "down", "ln_1": "norm"},
    "bert": {
        "attention.self.query": "q", "attention.self.key": "k", "attention.self.value": "v",
        "attention.output.dense": "o", "attention.output.LayerNorm": "norm", "intermediate.dense": "up",
        "output.dense": "down", "output.LayerNorm": "norm",
    },
    "mamba": {
        "norm": "norm", "mixer.in_proj": "other", "mixer.out_proj": "other", "mixer.conv1d": "other",
        "mixer.A_log": "other",
    },
    "rwkv": {"attention.key": "k", "attention.output": "o", "attention.receptance": "other", "ln1": "norm"},
    "mixtral": {
        "self_attn.q_proj": "q", "mlp.gate": "other", "mlp.experts.gate_up_proj": "gate_up",
        "mlp.experts.down_proj": "down", "input_layernorm": "norm",
    },
}  # fmt: skip


@pytest.mark.parametrize("family", KINDS)
def test_kinds_of_every_family(family, load_tiny):
    loaded = load_tiny(family)
    found = {}
    for name, _ in loaded.block(1).named_parameters():
        found[name.removesuffix(".weight").removesuffix(".bias")] = tensor_kind(loaded.block(1), name)
    assert {name: found[name] for name in KINDS[family]} == KINDS[family]
    if len(KINDS[family]) > 6:  # families whose list is complete
        assert set(found) == set(KINDS[family])


def test_adapted_layers_keep_their_kind(tiny, lora):
    model, blocks = tiny("gpt2")
    before = [
        tensor_kind(model.get_submodule(blocks[0]), n)
        for n, _ in model.get_submodule(blocks[0]).named_parameters()
    ]
    lora(model, ["c_attn", "c_proj"])
    block = model.get_submodule(blocks[0])
    assert [tensor_kind(block, n) for n, _ in block.named_parameters() if "lora_" not in n] == before


def table(rows):
    return {(row.metric, row.layer): row.value for row in rows}


def entropy_rank(values):
    shares = values[values > 1e-12] / values.sum()
    return torch.exp(-(shares * shares.log()).sum()).item()


def angles(first, second, k):
    def side(a, b):
        return torch.arccos(torch.linalg.svdvals(a.T @ b).clamp(max=1)).mean().item()

    (u, _, v), (x, _, y) = torch.linalg.svd(first), torch.linalg.svd(second)
    return (side(u[:, :k], x[:, :k]) + side(v[:k].T, y[:k].T)) / 2


def expected(block, updates, prefix=""):
    """Every number of one block from built matrices: name of the base weight -> its dW."""
    weights = {
        n: w.detach().double() for n, w in block.named_parameters() if "lora_" not in n and prefix in n
    }
    matrices = {n: w for n, w in weights.items() if w.dim() == 2}
    update = sum(d.square().sum().item() for n, d in updates.items() if n in weights)
    spectra = [torch.linalg.svdvals(d) for n, d in updates.items() if n in matrices]
    sizes = [s.square().sum().item() for s in spectra]
    rotations = []
    for name, base in matrices.items():
        k = min(NUM_DIRECTIONS, min(base.shape) // 2)
        rotations.append(angles(base, base + updates[name], k) if name in updates else 0.0)
    return [
        math.sqrt(update / sum(w.square().sum().item() for w in weights.values())),
        sum(entropy_rank(s) * size for s, size in zip(spectra, sizes, strict=True)) / sum(sizes),
        sum(((s / s[0]).square().sum().item()) * size for s, size in zip(spectra, sizes, strict=True))
        / sum(sizes),
        sum(rotations) / len(rotations),
    ]


@pytest.mark.parametrize(
    ("kind", "targets", "part"),
    [
        ("llama", ["q_proj", "k_proj", "down_proj"], ("k", "k_proj")),
        ("gpt2", ["c_attn", "c_proj"], ("qkv", "c_attn")),
    ],
)
def test_lora_equals_the_built_matrices(kind, targets, part, tiny, lora):
    model, blocks = tiny(kind)
    wrapped = lora(model, targets)
    found = table(update_rows(wrapped, blocks, NAMES))
    for layer, name in enumerate(blocks, 1):
        block = model.get_submodule(name)
        updates = {
            f"{n}.base_layer.weight": module.get_delta_weight("default").double()
            for n, module in block.named_modules()
            if hasattr(module, "get_delta_weight")
        }
        assert [found[n, layer] for n in NAMES] == pytest.approx(expected(block, updates), rel=1e-5)
        ours = [found[f"{n}/{part[0]}", layer] for n in NAMES]
        assert ours == pytest.approx(expected(block, updates, part[1]), rel=1e-5)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_full_training_equals_the_built_matrices(kind, tiny):
    model, blocks = tiny(kind)
    torch.manual_seed(2)
    initial, updates = {}, {}
    with torch.no_grad():
        for name, weight in model.get_submodule(blocks[1]).named_parameters():
            initial[f"{blocks[1]}.{name}"] = weight.clone()
            weight.add_(0.05 * torch.randn_like(weight))
            updates[name] = weight.double() - initial[f"{blocks[1]}.{name}"].double()
    found = table(update_rows(model, blocks, NAMES, initial))
    block = model.get_submodule(blocks[1])
    with torch.no_grad():
        for name, weight in block.named_parameters():
            weight.copy_(initial[f"{blocks[1]}.{name}"])
    assert [found[n, 2] for n in NAMES] == pytest.approx(expected(block, updates), rel=1e-4)
    for layer in (1, 3):  # untrained: no change, no turn, and a rank that is not defined is missing, not 0
        assert [found[n, layer] for n in NAMES] == [0.0, None, None, 0.0]


def test_rows_name_blocks_first_then_kinds_and_have_no_error(tiny, lora):
    model, blocks = tiny("llama")
    wrapped = lora(model, ["model.layers.1.self_attn.v_proj"])
    rows = update_rows(wrapped, blocks, ["update_effective_rank"])
    assert list(dict.fromkeys(row.metric for row in rows)) == [
        "update_effective_rank", *(f"update_effective_rank/{k}" for k in ("q", "k", "v", "o", "gate", "up", "down", "norm"))
    ]  # fmt: skip
    assert {(row.stage, row.stderr, row.n) for row in rows} == {("change", None, None)}
    assert [row.layer for row in rows[:3]] == [1, 2, 3] and [row.depth for row in rows[:3]] == [
        1 / 3,
        2 / 3,
        1,
    ]
    assert {(row.metric, row.layer) for row in rows if row.value is not None} == {
        ("update_effective_rank", 2),
        ("update_effective_rank/v", 2),
    }


def test_experts_are_matrices_of_their_own(load_tiny):
    loaded = load_tiny("mixtral")
    name = f"{loaded.blocks[0]}.mlp.experts.down_proj"
    weight = loaded.model.get_parameter(name)
    initial = {name: weight.detach().clone()}
    one = torch.outer(torch.arange(1.0, weight.shape[1] + 1), torch.ones(weight.shape[2]))
    with torch.no_grad():
        weight[1] += (
            one / one.norm()
        )  # rank 1 in one expert; all experts as one matrix would not be told apart
        weight[2, :2, :2] += torch.eye(2)
    found = table(update_rows(loaded.model, loaded.blocks, NAMES, initial))
    assert found["update_effective_rank/down", 1] == pytest.approx((1 * 1 + 2 * 2) / 3, rel=1e-4)
    assert found["update_stable_rank", 1] == pytest.approx(5 / 3, rel=1e-4)
