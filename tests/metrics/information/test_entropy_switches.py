"""Order and normalisation of the matrix-based entropies, from the configuration to the table."""

import math

import numpy as np
import pytest
import torch

from src.config import rules
from src.errors import ConfigError
from src.metrics.catalog import switches
from src.metrics.information.prompt_entropy import prompt_entropy, prompt_entropy_paper
from src.metrics.shared.entropy import NORMALISATIONS
from src.pipeline.base_cache import BaseCache
from src.probe.states.gathering import Gathering
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.token_sets import Known
from src.probe.states.vectors import LayerVectors
from src.probe.table.layer_table import layer_rows
from src.record.identity import run_id, scientific


def samples(generator, num_samples, width):
    return torch.randn(num_samples, width, generator=generator) * torch.logspace(0, -1, width) + 1.0


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_entropies_of_order_two_have_a_closed_form(generator, make_config, tmp_path):
    """-log tr(K^2) of the density matrix K, without eigenvalues; through a config as a run reads it."""
    settings = switches(make_config("metrics.alpha=2").metrics)
    x = samples(generator, 30, 12)
    rows, whole = unit(x.double().numpy()), x.double().numpy()
    of_prompt = -math.log(np.square(rows @ rows.T / 30).sum())
    assert prompt_entropy(x, alpha=2.0).item() == pytest.approx(of_prompt, rel=1e-5)
    ridge = rows @ rows.T / 12 + 1e-6 * np.eye(30)
    of_paper = -math.log(np.square(ridge / ridge.trace()).sum())
    assert prompt_entropy_paper(x, 2.0, "raw").item() == pytest.approx(of_paper, rel=1e-5)
    centred = unit(whole - whole.mean(0))
    expected = {
        "dataset_entropy": -math.log(np.square(centred @ centred.T / 30).sum()),
        "dataset_entropy_paper": -math.log(np.square(rows @ rows.T / 30).sum()) / math.log(12),
    }
    one = LayerStatistics(x[None].repeat(2, 1, 1), {})
    for row in layer_rows(one, None, list(expected), 1, settings=settings):
        assert row.value == pytest.approx(expected[row.metric], rel=1e-6)
        assert row.low < row.value < row.high
    gathering = Gathering(tmp_path, (1, 1, 12), 1, ["prompt_entropy"], settings, Known())
    gathering.start(torch.ones(1, 30, dtype=torch.bool))
    gathering.take(0, x[None])
    gathering.finish()
    assert gathering.statistics().tokens["prompt_entropy"][0] == pytest.approx([of_prompt], rel=1e-5)


@pytest.mark.parametrize("name", rules.ENTROPY_NORMALISATIONS)
def test_published_normalisations_reach_the_table(name, generator, make_config):
    x = samples(generator, 9, 14)
    settings = switches(make_config(f"metrics.entropy_normalisation={name}").metrics)
    one = LayerStatistics(x[None].repeat(2, 1, 1), {})
    found, raw = (
        layer_rows(one, None, ["dataset_entropy_paper"], 1, settings=given)[0].value
        for given in (settings, {"normalisation": "raw"})
    )
    by = {"maxEntropy": math.log(9), "logN": math.log(9), "logD": math.log(14), "raw": 1.0}
    assert found == pytest.approx(raw / by.get(name, math.log(9) * math.log(14)), rel=1e-9)


def test_orders_and_normalisations_nobody_has_are_refused(make_config):
    assert set(rules.ENTROPY_NORMALISATIONS) == NORMALISATIONS.keys()
    with pytest.raises(ConfigError, match="metrics.alpha: given 0.0; accepted: a number above 0"):
        make_config("metrics.alpha=0")
    with pytest.raises(
        ConfigError, match="metrics.entropy_normalisation: given 'logT'; accepted: maxEntropy,"
    ):
        make_config("metrics.entropy_normalisation=logT")


def test_they_decide_a_run_s_id_and_the_base_s_cache_only_where_they_are_set(make_config, tmp_path):
    ids = [
        run_id(make_config(*chosen), "rows", "model")
        for chosen in ([], ["metrics.alpha=1"], ["metrics.alpha=2"], ["metrics.entropy_normalisation=raw"])
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    content = scientific(make_config(), "rows", "model")["metrics"]
    assert not content.keys() & {"alpha", "entropy_normalisation"}  # the ids of runs before there were these
    made = []

    def gather(folder):
        made.append(folder)
        LayerVectors.create(folder / "pooled.npy", 1, 1, 2)
        LayerStatistics(torch.zeros(1, 1, 2), {"x": torch.zeros(1, 1)}).save_tokens(folder)

    for chosen in ([], ["metrics.alpha=1"], ["metrics.alpha=2"]):
        config = make_config("metrics=core", *chosen)
        BaseCache(tmp_path, {}).statistics(config.metrics, config.probe, gather)
    assert len(made) == 2
