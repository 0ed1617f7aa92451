"""What enters the output head is a matrix of its own, never a slice of all states."""

import pytest
import torch

from src.model.load import load_model

CPU = torch.device("cpu")


@pytest.mark.parametrize("rows", [1, 3])
def test_a_slice_of_states_is_copied_before_the_head(make_config, tmp_path, rows):
    """As a slice it costs a copy of the head for every row, and a head of 1B 10 seconds in bfloat16."""
    loaded = load_model(make_config("model=tiny_llama", "model.dtype=bfloat16").model, tmp_path, CPU)
    head, seen = loaded.model.get_output_embeddings(), []
    head.register_forward_hook(lambda _, inputs, logits: seen.append((inputs[0], logits)))
    ids = torch.arange(3, 3 + 5 * rows).reshape(rows, 5)
    with torch.no_grad():
        last = loaded.model(input_ids=ids, logits_to_keep=1).logits
        whole = loaded.model(input_ids=ids).logits
    (states, logits), (kept, _) = seen
    width = head.weight.shape[1]
    assert states.shape == (rows, 1, width) and states.stride() == (width, width, 1)
    assert torch.equal(logits, last)
    torch.testing.assert_close(last[:, 0], whole[:, -1], rtol=0.02, atol=0.02)
    assert kept.shape == (rows, 5, width)


def test_a_gradient_goes_through_the_copy(load_tiny):
    loaded = load_tiny("llama")
    states = torch.randn(2, 4, loaded.model.config.hidden_size, requires_grad=True)
    loaded.model.get_output_embeddings()(states[:, -1:]).sum().backward()
    assert states.grad[:, -1].abs().min() > 0 and not states.grad[:, :-1].any()


def test_a_head_that_is_called_by_keyword_is_let_alone(load_tiny):
    head = load_tiny("llama").model.get_output_embeddings()
    states = torch.randn(2, 4, head.weight.shape[1])
    torch.testing.assert_close(head(input=states[:, -1:]), head(states)[:, -1:])
