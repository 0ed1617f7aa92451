"""Training steps on random rows, as the loop takes them and as plain peft does."""

from collections.abc import Callable

import torch
from torch import nn

from src.config.schema import RunConfig
from src.data.encode import EncodedRow
from src.method.adapted import AdaptedModel
from src.model.trunk import token_table
from src.objective.catalog import make_objective
from src.objective.objective import Draw
from src.runtime.seeding import generator
from src.train.optimizer import make_optimizer


def own_step(adapted: AdaptedModel, config: RunConfig) -> Callable[[], None]:
    """A step as the loop takes it, on one batch that lies on the device."""
    objective = make_objective(config.objective, adapted.loaded.tokenizer)

    def loss(model: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        total, count = objective.loss(model, batch)
        return total / count

    return _stepping(adapted, config, loss)


def plain_step(adapted: AdaptedModel, config: RunConfig) -> Callable[[], None]:
    """The same with the loss that transformers makes of labels, as plain peft is trained."""

    def loss(model: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return model(**{key: batch[key] for key in ("input_ids", "attention_mask", "labels")}).loss

    return _stepping(adapted, config, loss)


def _stepping(
    adapted: AdaptedModel, config: RunConfig, loss: Callable[..., torch.Tensor]
) -> Callable[[], None]:
    device = token_table(adapted.model).device
    parameters = list(adapted.trainable.values())
    optimizer = make_optimizer(parameters, config.train)
    objective = make_objective(config.objective, adapted.loaded.tokenizer)
    made = objective.collate(random_rows(adapted, config, config.train.batch_size), Draw(0, 0))
    batch = {key: value.to(device) for key, value in objective.located(made).items()}
    adapted.model.train()

    def step() -> None:
        with torch.autocast(device.type, dtype=torch.bfloat16):
            found = loss(adapted.model, batch)
        found.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def random_rows(adapted: AdaptedModel, config: RunConfig, count: int) -> list[EncodedRow]:
    """Random tokens, all of them supervised, as the plan takes them."""
    shape, vocabulary = (count, config.data.max_length), len(token_table(adapted.model))
    ids = torch.randint(2, vocabulary, shape, generator=generator(0, "bench")).tolist()
    return [EncodedRow(str(i), one, one) for i, one in enumerate(ids)]
