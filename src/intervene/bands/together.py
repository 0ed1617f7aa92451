"""One model with the updates of two runs of other bands."""

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from src.config.rules import refuse
from src.intervene.material import Asked, Material
from src.intervene.pair import Pair, replay_of, trained_tensors, update_sizes, weights_key
from src.method.band import resolve_band
from src.method.spans import spans_text
from src.model.adapter import is_adapter, merge_adapter
from src.model.load import load_model
from src.model.loaded import LoadedModel
from src.record.finished import ADAPTER, finished_config
from src.runtime.device import pick_device


def open_bands(folders: Sequence[Path], asked: Asked) -> tuple[Pair, list[list[int]]]:
    """A pair whose tuned side has every run's update, and the blocks of each.

    Raises:
        ConfigError: the runs have another base or data, or bands that share a block.
    """
    configs = [finished_config(folder) for folder in folders]
    first = configs[0]
    for folder, config in zip(folders[1:], configs[1:], strict=True):
        if (config.model, config.data) != (first.model, first.data):
            refuse("runs", f"{folder.name}, of another model or data", f"those of {folders[0].name}")
    loaded = load_model(first.model, Path(first.paths.cache_dir), pick_device(first.device))
    bands = [resolve_band(config.band, loaded.num_blocks, config.seed) for config in configs]
    if shared := set(bands[0]).intersection(*bands[1:]):
        refuse("runs", f"bands that share blocks {spans_text(sorted(shared), ',')}", "bands that are apart")
    key = [loaded.fingerprint, first.model.dtype, *(weights_key(folder) for folder in folders)]
    weights = {name: value.detach().clone() for name, value in loaded.model.named_parameters()}
    for folder in folders:
        loaded = _with_update(loaded, folder)
    loaded.model.eval()
    replay = replay_of(loaded.model, loaded.blocks, weights)
    sizes = update_sizes(replay.gates, loaded.model, loaded.blocks, weights)
    material = Material(loaded, first.data, asked)
    name = " and ".join(folder.name for folder in folders)
    moved = sorted(block for band in bands for block in band)
    pair = Pair(name, replay, material.scores, key, moved, sizes, asked.batch_size, material)
    return pair, bands


def _with_update(loaded: LoadedModel, folder: Path) -> LoadedModel:
    """What a run trained, in the weights: an adapter is added, tuned tensors are taken over."""
    if is_adapter(str(folder / ADAPTER)):
        return merge_adapter(loaded, folder / ADAPTER)
    named: dict[str, nn.Parameter] = dict(loaded.model.named_parameters())
    for name, tensor in trained_tensors(folder).items():
        named[name].data.copy_(tensor)
    return loaded
