import pytest
import torch

from src.errors import ConfigError, DataError, ModelError
from src.model.trunk import block_modules
from src.probe.lens.head_path import find_head_path
from src.probe.lens.lens_pass import lens_pass, lens_rows
from src.probe.states.hooks import layer_states

NAMES = [
    "lens_cross_entropy",
    "lens_entropy",
    "lens_agreement",
    "lens_gold_probability",
    "early_exit_accuracy",
]
FAMILIES = ["llama", "olmo2", "gpt2", "opt", "gpt_neox", "codegen", "mamba", "rwkv", "mixtral"]


def labelled(batches):
    """The last third of every row is its completion."""
    for batch in batches:
        mask = batch["attention_mask"]
        late = mask.cumsum(dim=1) > (2 * mask.sum(dim=1, keepdim=True) // 3).clamp(min=1)
        batch["labels"] = batch["input_ids"].where(late & mask.bool(), torch.tensor(-100))
    return batches


@torch.no_grad()
def by_hand(model, blocks, rows, norm, positions):
    """The same row by row: hidden states, then a norm and a head that the test names."""
    model.eval()
    found = {name: [] for name in NAMES}
    for row in rows:
        ids, start = torch.tensor([row]), max(2 * len(row) // 3, 1)
        states = {}
        with layer_states(
            block_modules(model, blocks), lambda layer, s, states=states: states.update({layer: s})
        ):
            logits = model(input_ids=ids).logits[0].double()
        stop = start + 1 if positions == "first" else len(row)
        gold = ids[0, start:stop]
        values = {name: [] for name in NAMES}
        for layer in range(len(blocks) + 1):
            z = (
                model.get_output_embeddings()(norm(states[layer]))[0].double()
                if layer < len(blocks)
                else logits
            )
            p = z[start - 1 : stop - 1].softmax(-1)
            right = p[torch.arange(len(gold)), gold]
            values["lens_cross_entropy"].append(-right.log().mean())
            values["lens_entropy"].append(-(p * p.log()).sum(-1).mean())
            values["lens_agreement"].append(
                (p.argmax(-1) == logits[start - 1 : stop - 1].argmax(-1)).double().mean()
            )
            values["lens_gold_probability"].append(right[0])
            values["early_exit_accuracy"].append((p.argmax(-1) == gold).double().mean())
        for name in NAMES:
            found[name].append(torch.stack(values[name]))
    return {name: torch.stack(one, dim=1) for name, one in found.items()}


@pytest.mark.parametrize("positions", ["first", "all"])
@pytest.mark.parametrize("kind", ["llama", "gpt2", "opt"])
def test_equals_a_norm_and_a_head_by_hand(kind, positions, tiny, rows, batched, monkeypatch):
    monkeypatch.setattr("src.probe.lens.lens_pass.CHUNK", 11)  # less than a batch holds
    model, blocks = tiny(kind)
    norms = {"llama": "model.norm", "gpt2": "transformer.ln_f", "opt": "model.decoder.final_layer_norm"}
    norm = model.get_submodule(norms[kind])
    torch.nn.init.uniform_(norm.weight, 0.3, 3.0)  # twice applied it would show
    expected = by_hand(model, blocks, rows, norm, positions)
    for side in ("right", "left"):
        found = lens_pass(model, blocks, labelled(batched(rows, side=side)), NAMES, positions)
        for name in NAMES:
            torch.testing.assert_close(found[name], expected[name], rtol=2e-5, atol=2e-5, msg=name)
    assert (found["lens_agreement"][-1] == 1).all()
    assert found["lens_entropy"].shape == (len(blocks) + 1, len(rows))


@pytest.mark.parametrize("family", FAMILIES)
def test_last_layer_is_the_model_itself_in_every_family(family, load_tiny, rows, batched):
    loaded = load_tiny(family)
    found = lens_pass(loaded.model, loaded.blocks, labelled(batched(rows)), NAMES[:1])
    for index, row in enumerate(rows):
        start = max(2 * len(row) // 3, 1)
        with torch.no_grad():
            logits = loaded.model(input_ids=torch.tensor([row])).logits[0, start - 1]
        expected = torch.nn.functional.cross_entropy(logits, torch.tensor(row[start])).item()
        assert found["lens_cross_entropy"][-1, index].item() == pytest.approx(expected, rel=1e-4)
    assert found["lens_cross_entropy"].isfinite().all()


def test_reads_the_adapted_model_and_its_base(tiny, lora, rows, batched):
    model, blocks = tiny("llama")
    before = lens_pass(model, blocks, labelled(batched(rows)), NAMES)
    wrapped = lora(model, ["q_proj"])
    tuned = lens_pass(wrapped, blocks, labelled(batched(rows)), NAMES)
    with wrapped.disable_adapter():
        base = lens_pass(wrapped, blocks, labelled(batched(rows)), NAMES)
    for name in NAMES:
        torch.testing.assert_close(base[name], before[name])
    assert not torch.allclose(tuned["lens_cross_entropy"], base["lens_cross_entropy"])


def test_rows_of_the_table():
    values = {"lens_entropy": torch.tensor([[1.0, 3.0], [2.0, 2.0], [0.0, 4.0]]).double()}
    rows = lens_rows(values, "tuned")
    assert [(row.stage, row.layer, row.depth, row.metric, row.value, row.n) for row in rows] == [
        ("tuned", layer, layer / 2, "lens_entropy", 2.0, 2) for layer in range(3)
    ]
    assert [row.stderr for row in rows] == pytest.approx([1.0, 0.0, 2.0])
    assert rows[0].low < 1.0 < 3.0 < rows[0].high
    assert lens_rows({"lens_entropy": torch.ones(2, 1).double()}, "base")[0].stderr is None


def test_what_cannot_be_read_is_refused(tiny, rows, batched):
    model, blocks = tiny("llama")
    with pytest.raises(ConfigError, match="positions: given 'last'; accepted: first, all"):
        lens_pass(model, blocks, [], NAMES, "last")
    with pytest.raises(DataError, match="lens: given 0 rows; needed: at least 1"):
        lens_pass(model, blocks, [], NAMES)
    batches = labelled(batched(rows))
    batches[1]["labels"][2] = -100
    with pytest.raises(DataError, match=r"lens: given a row without a completion token \(row 6\)"):
        lens_pass(model, blocks, batches, NAMES)
    encoder, its_blocks = tiny("bert")
    with pytest.raises(ModelError, match="lens: BertForMaskedLM reads in both directions"):
        lens_pass(encoder, its_blocks, labelled(batched(rows)), NAMES)
    model.model.layers[1].mlp.down_proj.weight.data[:] = torch.inf
    with pytest.raises(ModelError, match=r"layer 2 \(output of block 1\): hidden states hold inf or NaN"):
        lens_pass(model, blocks, labelled(batched(rows)), NAMES)


def test_a_head_that_is_not_all_is_refused(tiny):
    model, blocks = tiny("llama")
    forward = model.forward

    def scaled(*args, **kwargs):
        output = forward(*args, **kwargs)
        output.logits = output.logits / 2
        return output

    model.forward = scaled
    with pytest.raises(ModelError) as error:
        find_head_path(model, blocks)
    assert str(error.value) == (
        "lens: LlamaForCausalLM: model.norm then lm_head after the last block does not give the model's logits; "
        "accepted: models whose logits come from modules alone, one after another"
    )
