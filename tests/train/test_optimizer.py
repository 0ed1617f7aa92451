from dataclasses import replace

import pytest
import torch

from src.errors import ConfigError
from src.record.identity import run_id
from src.train.optimizer import learning_rate, make_optimizer


@pytest.fixture
def config(make_config):
    return replace(make_config().train, learning_rate=1.0, warmup_steps=0)


def test_linear_decay_is_that_of_torch(config):
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=10)
    for step in range(10):
        assert learning_rate(step, 10, config) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()


def test_cosine_falls_to_half_in_the_middle_and_constant_stays(config):
    cosine = replace(config, schedule="cosine")
    assert learning_rate(0, 10, cosine) == 1.0
    assert learning_rate(5, 10, cosine) == pytest.approx(0.5)
    assert [learning_rate(step, 10, replace(config, schedule="constant")) for step in range(10)] == [1.0] * 10


def test_warm_up_rises_and_the_first_step_is_not_lost(config):
    """A published script spent its only step at rate zero; a first rate above zero prevents it."""
    rates = [learning_rate(step, 10, replace(config, warmup_steps=4)) for step in range(10)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[4] == max(rates)
    assert rates[-1] > 0


def test_optimizer_gets_every_setting(make_config):
    config = replace(
        make_config().train, learning_rate=0.1, beta1=0.5, beta2=0.6, epsilon=1e-3, weight_decay=0.2
    )
    group = make_optimizer([torch.nn.Parameter(torch.ones(2))], config).param_groups[0]
    found = (group["lr"], group["betas"], group["eps"], group["weight_decay"])
    assert found == (0.1, (0.5, 0.6), 1e-3, 0.2)


def test_sgd_adds_up_gradients(make_config):
    """w - r (g1), then w - r (g2 + m g1): the update is as long as its gradient, unlike AdamW's."""
    config = make_config("train.optimizer=sgd", "train.learning_rate=0.1", "train.momentum=0.5").train
    weight = torch.nn.Parameter(torch.tensor([1.0, 1.0]))
    optimizer = make_optimizer([weight], config)
    for gradient in ([1.0, 100.0], [2.0, 0.0]):
        weight.grad = torch.tensor(gradient)
        optimizer.step()
    assert weight.tolist() == pytest.approx([1 - 0.1 - 0.1 * 2.5, 1 - 10 - 0.1 * 50])


def test_sgd_decays_nothing(make_config):
    with pytest.raises(
        ConfigError, match=r"train.weight_decay: given 0.1; accepted: 0 with train.optimizer=sgd"
    ):
        make_config("train.optimizer=sgd", "train.weight_decay=0.1")
    with pytest.raises(ConfigError, match=r"train.optimizer: given 'lion'; accepted: adamw, sgd"):
        make_config("train.optimizer=lion")


def test_a_run_with_the_optimizer_of_before_keeps_its_id(make_config):
    named, plain = make_config("train.optimizer=adamw"), make_config()
    assert run_id(named, "rows", "model") == run_id(plain, "rows", "model")
    assert run_id(make_config("train.optimizer=sgd"), "rows", "model") != run_id(plain, "rows", "model")
