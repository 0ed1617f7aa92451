"""Gates of 0 and 1 are the endpoints bit for bit, on every family; in between they are what they say."""

import hashlib

import pytest
import torch

from src.errors import ModelError
from src.intervene.engine.gates import BASE, TUNED, Gate
from src.intervene.engine.parts import EMBEDDINGS, HEAD
from src.intervene.engine.replay import Passing
from src.method.weights import base_weights
from tests.intervene.conftest import BAND, NUM_BLOCKS, gates_of, replay_of

FAMILIES = [
    "llama", "olmo2", "mistral", "qwen3", "gpt2", "opt", "gpt_neox", "codegen", "mixtral", "mamba", "rwkv",
    "bert", "roberta",
]  # fmt: skip
WHOLE = list(range(NUM_BLOCKS))
PARTS = NUM_BLOCKS + 2


def batch():
    ids = torch.arange(2, 26).reshape(3, 8)
    mask = torch.ones_like(ids)
    mask[2, 5:] = 0
    return {"input_ids": ids, "attention_mask": mask}


def direct(adapted):
    with torch.no_grad():
        return adapted.model(**batch()).logits


def checksum(model):
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("family", FAMILIES)
def test_endpoints_bit_for_bit(adapted_pair, family, method):
    adapted = adapted_pair(family, method, WHOLE if method == "full" else BAND)
    replay = replay_of(adapted)
    tuned = direct(adapted)
    with base_weights(adapted):
        base = direct(adapted)
    assert not torch.equal(base, tuned)
    with replay.running():
        assert torch.equal(replay.logits(batch(), [TUNED] * PARTS), tuned)
        assert torch.equal(replay.logits(batch(), [BASE] * PARTS), base)
    with replay.gates.whole(dict.fromkeys(replay.gates.parts, BASE)):
        assert torch.equal(direct(adapted), base)
    assert torch.equal(direct(adapted), tuned)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_block_that_did_not_move_changes_nothing(adapted_pair, method):
    replay = replay_of(adapted_pair("llama", method, BAND))
    assert replay.gates.moved == BAND
    with replay.running():
        base = replay.logits(batch(), [BASE] * PARTS)
        for block in WHOLE:
            gates = [TUNED if part == block else BASE for part in replay.gates.parts]
            assert torch.equal(replay.logits(batch(), gates), base) == (block not in BAND)


def test_full_tuning_of_the_whole_stack_moves_what_stands_around_it(adapted_pair):
    assert gates_of(adapted_pair("llama", "full", WHOLE)).moved == [EMBEDDINGS, *WHOLE, HEAD]


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_share_is_an_interpolation_of_the_weights(adapted_pair, method):
    adapted = adapted_pair("gpt2", method, WHOLE)
    replay = replay_of(adapted)
    shares = torch.rand(PARTS, generator=torch.Generator().manual_seed(3)).tolist()
    with replay.running():
        found = replay.logits(batch(), [Gate(share) for share in shares])
    parts = dict(zip(replay.gates.parts, shares, strict=True))
    with torch.no_grad():
        if method == "lora":
            merged = adapted.model.base_model.model
            for name, module in merged.named_modules():
                if hasattr(module, "lora_B"):
                    module.lora_B["default"].weight *= parts[int(name.split(".")[2])]
            expected = direct(adapted)
        else:
            expected = interpolated(adapted, parts)
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-5)


def interpolated(adapted, parts):
    """Another way to the same: two copies, mixed by name; GPT-2's head is tied, so each part by itself."""
    model, base = adapted.model, adapted.originals
    tied = model.transformer.wte.weight
    for name, value in model.named_parameters():
        block = name.split(".")[2] if ".h." in name else None
        part = int(block) if block else HEAD if "ln_f" in name else EMBEDDINGS
        if value is not tied:
            value.copy_(base[name] + parts[part] * (value - base[name]))
    change = tied - base["transformer.wte.weight"]
    head = base["transformer.wte.weight"] + parts[HEAD] * change
    tied.copy_(base["transformer.wte.weight"] + parts[EMBEDDINGS] * change)
    return model.transformer(**batch()).last_hidden_state @ head.T


def test_nothing_is_left_behind_even_by_an_error(adapted_pair):
    for method in ("lora", "full"):
        adapted = adapted_pair("llama", method, WHOLE)
        gates = gates_of(adapted)
        before = checksum(adapted.model), [value.requires_grad for value in adapted.model.parameters()]
        with pytest.raises(RuntimeError), gates.whole(dict.fromkeys(gates.parts, Gate(0.3))):
            assert not torch.equal(direct(adapted), torch.zeros(1)) and checksum(adapted.model) is not None
            raise RuntimeError
        with pytest.raises(RuntimeError), gates.traced(2, torch.rand(3)):
            raise RuntimeError
        after = checksum(adapted.model), [value.requires_grad for value in adapted.model.parameters()]
        assert after == before


def test_swapping_the_names_turns_the_gates_round(adapted_pair):
    adapted = adapted_pair("llama", "full", WHOLE)
    replay = replay_of(adapted)
    shares = [1.0, 0.0, 0.25, 1.0, 0.75, 0.0, 1.0]
    with replay.running():
        found = replay.logits(batch(), [Gate(share) for share in shares])
    with torch.no_grad():
        for name, value in adapted.trainable.items():
            value.data, adapted.originals[name] = adapted.originals[name], value.data.clone()
    other = replay_of(adapted)
    with other.running():
        turned = other.logits(batch(), [Gate(1 - share) for share in shares])
    torch.testing.assert_close(found, turned, rtol=0, atol=1e-5)


def test_a_tied_head_is_gated_alone_part_by_part_and_refused_in_one_pass(adapted_pair):
    adapted = adapted_pair("gpt2", "full", WHOLE)
    replay = replay_of(adapted)
    gates = dict.fromkeys(replay.gates.parts, BASE) | {HEAD: TUNED}
    with replay.running():
        alone = replay.logits(batch(), list(gates.values()))
        untouched = replay.logits(batch(), [BASE] * PARTS)
    with base_weights(adapted), torch.no_grad():
        states = adapted.model.transformer.h[-1]
        kept = []
        handle = states.register_forward_hook(
            lambda _m, _a, out: kept.append(out if torch.is_tensor(out) else out[0])
        )
        direct(adapted)
        handle.remove()
    with torch.no_grad():
        expected = adapted.model.lm_head(adapted.model.transformer.ln_f(kept[0]))
    assert torch.equal(alone, expected) and not torch.equal(alone, untouched)
    with pytest.raises(ModelError, match="tied"), replay.gates.whole(gates):
        pass


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "opt", "bert", "gpt_neox", "codegen"])
def test_a_share_a_row_is_the_share_of_each_row(adapted_pair, family, method):
    replay = replay_of(adapted_pair(family, method, WHOLE))
    shares = torch.rand(3, PARTS, generator=torch.Generator().manual_seed(3))
    with replay.running():
        together = traced_logits(replay, batch(), shares.T)
        for row in range(3):
            one = {key: value[row : row + 1] for key, value in batch().items()}
            alone = traced_logits(replay, one, shares[row])
            plain = replay.logits(one, [Gate(share) for share in shares[row].tolist()])
            torch.testing.assert_close(together[row : row + 1], alone, rtol=0, atol=2e-5)
            torch.testing.assert_close(alone, plain, rtol=0, atol=2e-5)


def traced_logits(replay, rows, shares):
    passing = Passing(rows)
    for part, share in zip(replay.gates.parts[:-1], shares[:-1], strict=True):
        with replay.gates.traced(part, share):
            passing = replay.part(part, passing)
    with replay.gates.traced(HEAD, shares[-1]):
        return replay.head_path(passing.states)
