"""Every metric of one model, and of a change, on every family."""

import pytest
import torch

from src.config.schema import MetricsConfig, ProbeConfig
from src.data.encode import EncodedRow
from src.metrics.catalog import METRICS, names_needing
from src.probe.states.gather import gather
from src.probe.states.probe_rows import ProbeRows
from src.probe.table.layer_table import layer_rows
from src.probe.weights.weights import update_rows
from src.runtime.seeding import generator

READ = ProbeConfig(seeds=[0])
FAMILIES = [
    "llama",
    "olmo2",
    "mistral",
    "qwen3",
    "gpt2",
    "opt",
    "gpt_neox",
    "codegen",
    "bert",
    "mamba",
    "rwkv",
    "mixtral",
]
pytestmark = pytest.mark.filterwarnings("ignore:.*attention_mask.*:UserWarning")


@pytest.fixture
def rows():
    draw = generator(0, "families")
    lengths = torch.randint(5, 20, (16,), generator=draw).tolist()
    return [
        EncodedRow(str(i), torch.randint(2, 250, (n,), generator=draw).tolist(), None)
        for i, n in enumerate(lengths)
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_all_layers_all_metrics(family, load_tiny, make_config, rows, tmp_path):
    loaded = load_tiny(family)
    needs = ("pooled", "next", "tokens", "pair", "weights", "matrices")
    names = [name for name in METRICS if METRICS[name].needs in needs]
    metrics: MetricsConfig = make_config("metrics.num_token_samples=4").metrics
    metrics.names = names
    probe = ProbeRows(rows, [], loaded.tokenizer.pad_token_id, 8)
    initial = {
        name: value.detach().clone() for name, value in loaded.model.named_parameters() if ".5." in name
    }
    (tmp_path / "base").mkdir()
    base = gather(loaded.model, loaded.blocks, probe, metrics, tmp_path / "base", READ)
    with torch.no_grad():
        for name, value in loaded.model.named_parameters():
            if name in initial:
                value += 0.05 * torch.randn(value.shape, generator=generator(1, name))
    (tmp_path / "tuned").mkdir()
    tuned = gather(loaded.model, loaded.blocks, probe, metrics, tmp_path / "tuned", READ, base)
    updates = update_rows(loaded.model, loaded.blocks, names_needing(names, "weights", "matrices"), initial)
    table = [*layer_rows(base, tuned, names, 10), *updates]
    assert {row.metric.split("/")[0] for row in table} == set(names)
    assert {row.layer for row in table if row.metric == "effective_rank"} == set(range(11))
    shift = {row.layer: row.value for row in table if row.metric == "change_intensity"}
    assert all(shift[layer] == pytest.approx(0, abs=1e-5) for layer in range(6))  # up to the input of block 5
    assert all(shift[layer] > 1e-4 for layer in range(6, 11))
    change = {row.layer: row.value for row in table if row.metric == "weight_change"}
    assert change[6] > 0
    assert {layer for layer, value in change.items() if value} == {6}
    missing = {row.metric for row in table if row.value is None and "/" not in row.metric}
    # where nothing changed there is no rank of the update, and no direction of the change
    of_a_change = {"update_effective_rank", "update_stable_rank", "update_leading_share"}
    of_a_change |= {"singular_value_change", "pretrained_directions_share"}
    assert not missing - of_a_change - {"change_least_rank", "change_least_rank_uncentred"}
