"""Tiny random models of several architectures, and batches of rows of unequal lengths."""

import pytest
import torch
import transformers

SIZES = {"vocab_size": 61, "hidden_size": 16, "num_hidden_layers": 3, "pad_token_id": 0}
BLOCKS = {
    "llama": "model.layers",
    "gpt2": "transformer.h",
    "bert": "bert.encoder.layer",
    "roberta": "roberta.encoder.layer",
}
BLOCKS |= {"opt": "model.decoder.layers", "mamba": "backbone.layers", "rwkv": "rwkv.blocks"}
CLASSES = {"bert": transformers.BertForMaskedLM, "roberta": transformers.RobertaForMaskedLM}


def config_of(kind):
    heads = {"num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 40}
    if kind == "llama":
        return transformers.LlamaConfig(**SIZES, **heads, num_key_value_heads=1)
    if kind == "gpt2":
        return transformers.GPT2Config(
            vocab_size=61, n_embd=16, n_layer=3, n_head=2, n_positions=40, pad_token_id=0
        )
    if kind == "opt":
        sizes = SIZES | {"ffn_dim": 24, "num_attention_heads": 2, "word_embed_proj_dim": 16}
        return transformers.OPTConfig(**sizes, max_position_embeddings=40)
    if kind == "mamba":
        return transformers.MambaConfig(**SIZES, state_size=4)
    if kind == "rwkv":
        return transformers.RwkvConfig(**SIZES, attention_hidden_size=16, context_length=40)
    return {"bert": transformers.BertConfig, "roberta": transformers.RobertaConfig}[kind](**SIZES, **heads)


@pytest.fixture
def tiny():
    """Makes a model and the names of its three blocks."""

    def make(kind):
        torch.manual_seed(11)
        model = CLASSES.get(kind, transformers.AutoModelForCausalLM)
        model = model.from_config(config_of(kind)) if kind not in CLASSES else model(config_of(kind))
        for parameter in model.parameters():  # far enough from initialisation that layers differ
            torch.nn.init.normal_(parameter, std=0.2) if parameter.dim() > 1 else None
        return model, [f"{BLOCKS[kind]}.{index}" for index in range(3)]

    return make


@pytest.fixture
def rows():
    generator = torch.Generator().manual_seed(5)
    return [
        torch.randint(1, 61, (length,), generator=generator).tolist()
        for length in (7, 3, 12, 5, 9, 2, 11, 6, 4)
    ]


@pytest.fixture
def batched():
    """Cuts rows into padded batches."""

    def make(rows, size=4, side="right", extra=0):
        batches = []
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            longest = max(map(len, part)) + extra
            pads = [[0] * (longest - len(row)) for row in part]
            ones = [[1] * len(row) for row in part]
            join = (lambda row, pad: row + pad) if side == "right" else (lambda row, pad: pad + row)
            ids = [join(row, pad) for row, pad in zip(part, pads, strict=True)]
            mask = [join(one, pad) for one, pad in zip(ones, pads, strict=True)]
            batches.append({"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)})
        return batches

    return make


@pytest.fixture
def lora():
    """Wraps a model with LoRA whose factors are all random."""

    def make(model, targets, rank=3, alpha=12):
        import peft

        torch.manual_seed(3)
        conv = isinstance(model, transformers.GPT2LMHeadModel)
        config = peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, fan_in_fan_out=conv)
        wrapped = peft.get_peft_model(model, config)
        for name, parameter in wrapped.named_parameters():
            if "lora_" in name:
                torch.nn.init.normal_(parameter, std=0.3)
        return wrapped

    return make
