"""Random-weight models of real architectures, about half a million parameters, for tests and smoke runs."""

import hashlib
from typing import Any

from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, PreTrainedModel

from src.errors import ModelError
from src.model.byte_tokenizer import byte_tokenizer
from src.runtime.seeding import isolated

SEED = 0  # fixed: every run of a tiny model starts from the same weights, whatever its own seed
NUM_POSITIONS = 512
NUM_HEADS = 4
ENCODERS = ("bert", "roberta", "albert")


def build_tiny(
    architecture: str | None, num_blocks: int | None, width: int | None, sizes: dict[str, Any] | None = None
) -> PreTrainedModel:
    """A float32 model of the transformers type `architecture` with random weights, always the same ones.

    `sizes` are further settings of its configuration, for members of a family that are wired otherwise.

    Raises:
        ModelError: for an architecture that has no tiny model, or a width that cannot be split into heads.
    """
    if architecture not in ARCHITECTURES:
        accepted = ", ".join(ARCHITECTURES)
        raise ModelError(f"model.architecture: given {architecture!r}; accepted: {accepted}")
    if width is None or width < 1 or width % (4 * NUM_HEADS):
        raise ModelError(
            f"model.width: given {width}; accepted for tiny models: a multiple of {4 * NUM_HEADS}"
        )
    if num_blocks is None or num_blocks < 1:
        raise ModelError(f"model.num_blocks: given {num_blocks}; accepted for tiny models: 1 or more")
    tokenizer = byte_tokenizer(mask=architecture in ENCODERS)
    config = AutoConfig.for_model(
        architecture,
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        dtype="float32",
        **(ARCHITECTURES[architecture](num_blocks, width) | (sizes or {})),
    )
    head = AutoModelForMaskedLM if architecture in ENCODERS else AutoModelForCausalLM
    with isolated(SEED, "model"):
        model = head.from_config(config)
    return model.eval()


def tiny_fingerprint(model: PreTrainedModel) -> str:
    """Architecture and shape in words, and a hash of every weight."""
    digest = hashlib.sha256()
    for name, weight in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.contiguous().cpu().numpy().tobytes())
    config = model.config
    shape = f"{config.num_hidden_layers}x{config.hidden_size}"
    return f"tiny-{config.model_type}-{shape}-seed{SEED}-{digest.hexdigest()}"


def _plain(num_blocks: int, width: int) -> dict:
    return {
        "num_hidden_layers": num_blocks,
        "hidden_size": width,
        "intermediate_size": 11 * width // 4,
        "num_attention_heads": NUM_HEADS,
        "max_position_embeddings": NUM_POSITIONS,
    }


def _grouped(num_blocks: int, width: int) -> dict:
    return _plain(num_blocks, width) | {"num_key_value_heads": NUM_HEADS // 2, "head_dim": width // NUM_HEADS}


def _gpt(num_blocks: int, width: int) -> dict:
    shape = {"n_layer": num_blocks, "n_embd": width, "n_inner": 4 * width}
    return shape | {"n_head": NUM_HEADS, "n_positions": NUM_POSITIONS}


def _codegen(num_blocks: int, width: int) -> dict:
    return _gpt(num_blocks, width) | {"rotary_dim": width // NUM_HEADS // 2}


def _opt(num_blocks: int, width: int) -> dict:
    plain = _plain(num_blocks, width)
    del plain["intermediate_size"]
    return plain | {"ffn_dim": 4 * width, "word_embed_proj_dim": width}


def _roberta(num_blocks: int, width: int) -> dict:
    positions = NUM_POSITIONS + 1  # positions are counted from the id of padding (0) plus 1
    return _plain(num_blocks, width) | {"max_position_embeddings": positions}


def _albert(num_blocks: int, width: int) -> dict:
    """One block that runs so often, and embeddings narrower than it."""
    return _plain(num_blocks, width) | {"num_hidden_groups": 1, "embedding_size": width // 2}


def _recurrent(num_blocks: int, width: int) -> dict:
    return {"num_hidden_layers": num_blocks, "hidden_size": width}


def _rwkv(num_blocks: int, width: int) -> dict:
    return _recurrent(num_blocks, width) | {"context_length": NUM_POSITIONS, "attention_hidden_size": width}


def _mixtral(num_blocks: int, width: int) -> dict:
    experts = {"num_local_experts": 4, "num_experts_per_tok": 2, "intermediate_size": width // 2}
    return _grouped(num_blocks, width) | experts


ARCHITECTURES = {
    "llama": _plain,
    "olmo2": _plain,
    "mistral": _grouped,
    "qwen3": _grouped,
    "gpt2": _gpt,
    "opt": _opt,
    "gpt_neox": _plain,
    "codegen": _codegen,
    "bert": _plain,
    "roberta": _roberta,
    "albert": _albert,
    "mamba": _recurrent,
    "rwkv": _rwkv,
    "mixtral": _mixtral,
}
