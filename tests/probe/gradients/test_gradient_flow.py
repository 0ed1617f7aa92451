"""Signal and noise of the gradients of rows, and the published means over tensors."""

import pytest
import torch

from src.metrics.optimization.signal_to_noise import gradient_signal_to_noise
from src.metrics.optimization.weight_change import weight_change_paper, weight_change_paper_parts
from src.metrics.shared.tensor_update import TensorUpdate, sums
from src.objective.causal_lm import causal_lm_loss
from src.probe.collector import Side
from src.probe.gradients.mean_gradients import mean_gradient_rows
from src.probe.gradients.step_gradients import mean_tensor_gradient_norms, step_measurement

RATIO = ["gradient_signal_to_noise"]


@pytest.fixture
def batches(rows, batched):
    found = batched(rows[:4], size=2)
    for batch in found:
        batch["labels"] = batch["input_ids"].where(batch["attention_mask"].bool(), torch.tensor(-100))
    return found


def ratios(model, blocks, batches, scale=1.0, at_once=1):
    def loss(asked, batch):
        total, count = causal_lm_loss(asked, batch)
        return scale * total, count

    rows = mean_gradient_rows(model, blocks, Side(lambda: batches, loss), RATIO, "base", at_once)
    return {(row.metric, row.layer): row.value for row in rows}


def test_of_two_linear_layers_in_closed_form():
    draw = torch.Generator().manual_seed(0)
    w1, w2 = (torch.randn(3, 4, generator=draw), torch.randn(2, 3, generator=draw))
    x, y = torch.randn(4, 6, generator=draw).double(), torch.randn(2, 6, generator=draw).double()
    w1, w2 = w1.double().requires_grad_(), w2.double().requires_grad_()
    (0.5 * (w2 @ w1 @ x - y).square().sum() / 6).backward()
    error = (w2 @ w1 @ x - y).detach()
    torch.testing.assert_close(w2.grad, error @ (w1 @ x).T / 6)  # of the mean over rows
    torch.testing.assert_close(w1.grad, w2.T @ error @ x.T / 6)
    single = [torch.outer(error[:, i], (w1 @ x)[:, i].detach()) for i in range(6)]
    squares = sum(one.square().sum() for one in single) / 6
    ratio = gradient_signal_to_noise(w2.grad.square().sum(), squares)
    assert ratio.item() == pytest.approx(float((sum(single) / 6).square().sum() / squares), rel=1e-12)
    assert 0 < ratio < 1


def test_ratio_against_autograd_row_by_row(tiny, batches):
    model, blocks = tiny("llama")
    gradients = []
    for batch in batches:
        for row in range(2):
            length = int(batch["attention_mask"][row].sum())
            one = {key: value[row : row + 1, :length] for key, value in batch.items()}
            weights = list(model.get_submodule(blocks[1]).parameters())
            found = torch.autograd.grad(causal_lm_loss(model, one)[0], weights)
            gradients.append(torch.cat([part.flatten() for part in found]).double())
    stacked = torch.stack(gradients)
    expected = stacked.mean(0).square().sum() / stacked.square().sum(1).mean()
    for at_once in (1, 3):
        found = ratios(model, blocks, batches, at_once=at_once)
        assert found["gradient_signal_to_noise", 2] == pytest.approx(expected.item(), rel=1e-5)


def test_equal_rows_agree_wholly_and_the_scale_of_the_loss_says_nothing(tiny, batches):
    model, blocks = tiny("llama")
    same = [{key: value[:1].repeat(2, 1) for key, value in batches[0].items()}] * 2
    assert all(value == pytest.approx(1, rel=1e-5) for value in ratios(model, blocks, same).values())
    plain, scaled = ratios(model, blocks, batches), ratios(model, blocks, batches, scale=7.0)
    assert scaled == pytest.approx(plain, rel=1e-4)
    assert all(0 < value < 1 for value in plain.values())


def test_one_tensor_stored_as_two_changes_the_published_mean_alone():
    base, tuned = torch.zeros(4, 3), torch.arange(12.0).reshape(4, 3)
    whole = [TensorUpdate("w", "q", base, tuned=tuned)]
    halves = [TensorUpdate("w", "q", base[i : i + 2], tuned=tuned[i : i + 2]) for i in (0, 2)]
    found = [
        weight_change_paper(*sums([part for one in some for part in weight_change_paper_parts(one)], 2))
        for some in (whole, halves)
    ]
    norms = [tuned.norm().item(), tuned[:2].norm().item(), tuned[2:].norm().item()]
    assert found[0].item() == pytest.approx(norms[0])
    assert found[1].item() == pytest.approx((norms[1] + norms[2]) / 2)
    assert norms[1] ** 2 + norms[2] ** 2 == pytest.approx(norms[0] ** 2)


def test_mean_over_tensors_while_training(tiny, lora, batches):
    model, blocks = tiny("llama")
    wrapped = lora(model, ["model.layers.1.self_attn.v_proj"])
    causal_lm_loss(wrapped, batches[0])[0].backward()
    norms = [w.grad.norm().item() for w in wrapped.parameters() if w.grad is not None]
    assert len(norms) == 2
    assert mean_tensor_gradient_norms(wrapped, blocks) == [None, pytest.approx(sum(norms) / 2), None]
    logged = step_measurement(wrapped, blocks, ["gradient_norm_paper"])()
    assert logged == {"mean_tensor_gradient_norms": mean_tensor_gradient_norms(wrapped, blocks)}
    assert step_measurement(wrapped, blocks, ["weight_change"])() == {}
