"""A layer that the loss does not reach is refused by name, and no preset of a family has one."""

import pytest
import torch

from src.command.compose import CONF
from src.errors import TrainingError
from src.method.catalog import adapt
from src.train.reached import check_reached

TINY = sorted(path.stem.removeprefix("tiny_") for path in (CONF / "model").glob("tiny_*.yaml"))


@pytest.fixture
def backward(make_config, load_tiny):
    """A tiny model after its first backward pass, adapted in four blocks: its model and the names of all blocks."""

    def once(family, method, *overrides):
        config = make_config(f"model=tiny_{family}", f"method={method}", "method.rank=4", *overrides)
        loaded = load_tiny(family)
        band = [3, 4, 5, 6] if loaded.num_blocks > 1 else [0]
        adapted = adapt(loaded, config.method, band, 0, config.model.lora_targets)
        logits = adapted.model(input_ids=torch.arange(2, 26).reshape(2, 12), use_cache=False).logits
        logits.float().logsumexp(-1).sum().backward()
        return adapted.model, adapted.loaded.blocks

    return once


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("family", TINY)
def test_every_layer_that_a_preset_adapts_is_reached(backward, family, method):
    check_reached(*backward(family, method))


def test_the_layer_that_mamba_never_calls_is_named(backward):
    with pytest.raises(TrainingError) as refused:
        check_reached(*backward("mamba", "lora", "model.lora_targets=[in_proj,x_proj,dt_proj]"))
    assert str(refused.value) == (
        "no gradient reaches backbone.layers.3.mixer.dt_proj, backbone.layers.4.mixer.dt_proj, "
        "backbone.layers.5.mixer.dt_proj and 1 more, so they would never train; accepted: model.lora_targets or "
        "method.targets without dt_proj"
    )
