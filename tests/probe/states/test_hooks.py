import pytest
import torch

from src.model.trunk import block_modules
from src.probe.states.hooks import layer_states


def collect(model, blocks, run):
    seen = []
    with layer_states(
        block_modules(model, blocks), lambda layer, states: seen.append((layer, states.clone()))
    ):
        run()
    return seen


def num_hooks(model):
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_layers_are_the_hidden_states_of_the_model(kind, tiny):
    model, blocks = tiny(kind)
    ids = torch.arange(1, 13).view(2, 6)
    with torch.no_grad():
        expected = model.eval()(ids, output_hidden_states=True).hidden_states
        seen = collect(model, blocks, lambda: model(ids))
    assert [layer for layer, _ in seen] == [0, 1, 2, 3]
    for layer in (0, 1, 2):
        torch.testing.assert_close(seen[layer][1], expected[layer])
    norm = model.base_model.norm if kind == "llama" else model.base_model.ln_f
    torch.testing.assert_close(
        norm(seen[3][1]), expected[3]
    )  # the library's last one is after the final norm
    assert not torch.allclose(seen[3][1], expected[3])


class Doubling(torch.nn.Module):
    def forward(self, hidden_states):
        return (2 * hidden_states, "cache")


def test_tuples_and_keyword_inputs():
    blocks = [Doubling(), Doubling()]
    seen = []
    with layer_states(blocks, lambda layer, states: seen.append((layer, states.item()))):
        blocks[1](blocks[0](hidden_states=torch.tensor(3.0))[0])
    assert seen == [(0, 3.0), (1, 6.0), (2, 12.0)]


def test_hooks_are_gone_after_success_and_after_an_error(tiny):
    model, blocks = tiny("llama")
    before = num_hooks(model)

    def refuse(layer, states):
        raise RuntimeError("full")

    with layer_states(block_modules(model, blocks), lambda layer, states: None):
        assert num_hooks(model) == before + 4
    assert num_hooks(model) == before
    with pytest.raises(RuntimeError, match="full"), layer_states(block_modules(model, blocks), refuse):
        model(torch.ones(1, 3, dtype=torch.long))
    assert num_hooks(model) == before


def test_names_lead_to_the_blocks_of_a_wrapped_model(tiny, lora):
    model, blocks = tiny("llama")
    wrapped = lora(model, ["q_proj"])
    ids = torch.arange(1, 7).view(1, 6)
    with torch.no_grad():
        tuned = collect(wrapped, blocks, lambda: wrapped.eval()(ids))
        with wrapped.disable_adapter():
            base = collect(wrapped, blocks, lambda: wrapped(ids))
    assert [layer for layer, _ in tuned] == [0, 1, 2, 3]
    torch.testing.assert_close(tuned[0][1], base[0][1])
    assert all(not torch.allclose(tuned[layer][1], base[layer][1]) for layer in (1, 2, 3))
