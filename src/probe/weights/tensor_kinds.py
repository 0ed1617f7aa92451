"""What a weight tensor of a block does: query, value, up-projection, norm and so on."""

from torch import nn

KINDS = ("q", "k", "v", "qkv", "o", "gate", "up", "gate_up", "down", "norm", "other")
"""Every kind, in the order of tables. qkv and gate_up are projections that a family stores fused."""

ATTENTION = {
    "q": ("q", "q_proj", "q_lin", "query", "wq"),
    "k": ("k", "k_proj", "k_lin", "key", "wk"),
    "v": ("v", "v_proj", "v_lin", "value", "wv"),
    "qkv": ("qkv", "qkv_proj", "query_key_value", "c_attn", "Wqkv", "W_pack"),
    "o": ("o", "o_proj", "out_proj", "out_lin", "c_proj", "dense", "output", "wo"),
}
FEED_FORWARD = {
    "gate": ("gate_proj", "w1"),
    "up": ("up_proj", "w3", "fc1", "c_fc", "fc_in", "lin1", "dense_h_to_4h"),
    "gate_up": ("gate_up_proj",),
    "down": ("down_proj", "w2", "fc2", "c_proj", "fc_out", "lin2", "dense_4h_to_h"),
}
BERT = {"intermediate": "up", "output": "down"}  # both call their layer `dense`


def tensor_kind(block: nn.Module, name: str) -> str:
    """The kind of a parameter, one of KINDS; a bias and LoRA factors count with their weight.

    Attention projections are known by their name under a module that says attention, feed-forward ones by
    their name elsewhere, norms by their class. What is none of these (routers, convolutions, state-space
    parameters, and projections of families that name them otherwise) is "other".

    Args:
        block: the block; peft may have wrapped its layers.
        name: the parameter's name inside the block, such as `self_attn.q_proj.weight`.
    """
    owner = name.rpartition(".")[0]
    if "norm" in type(block.get_submodule(owner)).__name__.lower():
        return "norm"
    whole = name.partition(".lora_")[0]
    parts = [part for part in whole.split(".") if part not in ("base_layer", "weight", "bias")]
    under = parts[:-1]
    attends = any("attn" in part.lower() or "attention" in part.lower() for part in under)
    for kind, known in (ATTENTION if attends else FEED_FORWARD).items():
        if parts[-1] in known:
            return kind
    if not attends and parts[-1] == "dense" and under:
        return BERT.get(under[-1], "other")
    return "other"
