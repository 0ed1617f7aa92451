import math

import pytest
import torch
from scipy import stats

from src.errors import DataError, StorageError
from src.metrics.catalog import METRICS
from src.metrics.geometry.effective_rank import effective_rank
from src.metrics.metric import of_rows
from src.metrics.shared.rows import Rows
from src.metrics.shared.together import together
from src.metrics.shift.cka import cka_debiased, cka_debiased_resampled
from src.metrics.uncertainty.bootstrap import multiplicities
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.probe_pass import probe_pass
from src.probe.table.layer_table import LayerRow, in_order, layer_rows
from src.probe.table.layers_csv import read_layers, write_layers
from src.probe.weights.weights import update_rows

NUM_BLOCKS, N, WIDTH = 2, 12, 6


@pytest.fixture
def statistics():
    def make(seed, num_samples=N):
        generator = torch.Generator().manual_seed(seed)
        tokens = {"prompt_entropy": torch.rand(NUM_BLOCKS + 1, 5, generator=generator, dtype=torch.float64)}
        return LayerStatistics(torch.randn(NUM_BLOCKS + 1, num_samples, WIDTH, generator=generator), tokens)

    return make


def test_order_depth_and_counts(statistics):
    names = ["prompt_entropy", "cka_debiased", "effective_rank"]
    rows = layer_rows(statistics(0), statistics(1), names, NUM_BLOCKS)
    found = [(row.metric, row.stage, row.layer, row.depth, row.n) for row in rows]
    layers = [(0, 0.0), (1, 0.5), (2, 1.0)]
    expected = [("prompt_entropy", stage, *at, 5) for stage in ("base", "tuned") for at in layers]
    expected += [("cka_debiased", "change", *at, 12) for at in layers]
    expected += [("effective_rank", stage, *at, 12) for stage in ("base", "tuned") for at in layers]
    assert found == expected


def test_values_and_errors_are_those_of_the_metrics(statistics):
    base, tuned = statistics(0), statistics(1)
    names = ["cosine_similarity", "prompt_entropy", "cka_debiased", "effective_rank"]
    table = {(r.metric, r.stage, r.layer): r for r in layer_rows(base, tuned, names, NUM_BLOCKS)}
    cosines = torch.nn.functional.cosine_similarity(base.pooled[1].double(), tuned.pooled[1].double())
    row = table["cosine_similarity", "change", 1]
    assert row.value == pytest.approx(cosines.mean().item(), rel=1e-9)
    assert row.stderr == pytest.approx(cosines.std().item() / math.sqrt(N), rel=1e-9)
    reach = stats.t.ppf(0.975, N - 1) * row.stderr / (1 - row.value**2)
    assert [math.atanh(end) for end in (row.low, row.high)] == pytest.approx(
        [math.atanh(row.value) - reach, math.atanh(row.value) + reach], rel=1e-9
    )
    tokens = tuned.tokens["prompt_entropy"][2]
    row = table["prompt_entropy", "tuned", 2]
    assert row.value == pytest.approx(tokens.mean().item(), rel=1e-12)
    assert row.stderr == pytest.approx(tokens.std().item() / math.sqrt(5), rel=1e-12)
    factor = math.exp(stats.t.ppf(0.975, 4) * row.stderr / row.value)  # an entropy is above 0
    assert (row.low, row.high) == pytest.approx((row.value / factor, row.value * factor), rel=1e-9)
    row = table["cka_debiased", "change", 2]
    assert row.value == pytest.approx(cka_debiased(base.pooled[2], tuned.pooled[2]).item(), rel=1e-9)
    drawn = cka_debiased_resampled(Rows(base.pooled[2]), Rows(tuned.pooled[2]))(multiplicities(N))
    assert row.stderr == pytest.approx(drawn.std().item() * math.sqrt(N / (N - 1)), rel=1e-9)
    assert -1 <= row.low < row.value < row.high <= 1
    row = table["effective_rank", "base", 0]
    left_out = []
    for out in range(N):
        kept = [index for index in range(N) if index != out]
        left_out.append(effective_rank(base.pooled[0][kept]).item())
    spread = torch.tensor(left_out, dtype=torch.float64).var(correction=0).item()
    assert row.stderr == pytest.approx(math.sqrt((N - 1) * spread), rel=1e-6)
    factor = math.exp(stats.t.ppf(0.975, N - 1) * row.stderr / row.value)
    assert (row.low, row.high) == pytest.approx((row.value / factor, row.value * factor), rel=1e-9)
    assert table["effective_rank", "base", 0].value == pytest.approx(
        effective_rank(base.pooled[0]).item(), rel=1e-9
    )


def test_base_alone_has_only_base_rows(statistics):
    rows = layer_rows(statistics(0), None, ["cka_debiased", "effective_rank", "weight_change"], NUM_BLOCKS)
    assert [(row.stage, row.metric) for row in rows] == [("base", "effective_rank")] * 3


def test_undefined_numbers_are_missing(statistics):
    base, tuned = statistics(0), statistics(1)
    base.pooled[0] = 1.5  # the same vector for every sample
    rows = layer_rows(base, tuned, ["cka_debiased", "cka_biased", "effective_rank"], NUM_BLOCKS)
    missing = [(row.metric, row.stage, row.layer) for row in rows if row.value is None]
    assert missing == [
        ("cka_debiased", "change", 0),
        ("cka_biased", "change", 0),
        ("effective_rank", "base", 0),
    ]
    assert all((row.stderr is None) == (row.value is None) for row in rows)
    one = layer_rows(statistics(0, 1), statistics(1, 1), ["cosine_similarity", "mean_shift"], NUM_BLOCKS)
    assert all(row.value is not None and row.stderr is None and row.n == 1 for row in one)


def test_order_of_rows_does_not_matter_to_the_values(statistics):
    names = ["cka_debiased", "mean_shift", "effective_rank", "dataset_entropy"]
    base, tuned = statistics(0), statistics(1)
    order = torch.randperm(N, generator=torch.Generator().manual_seed(2))
    mixed = [LayerStatistics(s.pooled[:, order], s.tokens) for s in (base, tuned)]
    straight = [row.value for row in layer_rows(base, tuned, names, NUM_BLOCKS)]
    assert [row.value for row in layer_rows(*mixed, names, NUM_BLOCKS)] == pytest.approx(straight, rel=1e-9)


def test_what_does_not_fit_is_refused(statistics):
    base = statistics(0)
    with pytest.raises(DataError) as error:
        layer_rows(base, statistics(1, 11), ["cka_debiased"], NUM_BLOCKS)
    assert str(error.value) == (
        "layer statistics (tuned): given layers, samples, width (3, 11, 6); needed: (3, 12, 6)"
    )
    with pytest.raises(
        DataError, match=r"\(base\): given layers, samples, width \(3, 12, 6\); needed: \(4, 12, 6\)"
    ):
        layer_rows(base, None, ["effective_rank"], 3)
    with pytest.raises(DataError, match="metric cka_debiased: given 3 samples; needed: at least 4"):
        layer_rows(statistics(0, 3), statistics(1, 3), ["cka_debiased"], NUM_BLOCKS)
    fewer = LayerStatistics(base.pooled, {"prompt_entropy": base.tokens["prompt_entropy"][:, :4]})
    with pytest.raises(DataError, match=r"prompt_entropy of layers, samples \(3, 4\); needed: \(3, 5\)"):
        layer_rows(base, fewer, ["prompt_entropy"], NUM_BLOCKS)


def one_row(metric, layer, value, stage="change"):
    return LayerRow(stage, layer, layer / NUM_BLOCKS, metric, value, None, None)


def test_rows_of_all_collectors_stand_where_they_were_asked_for(statistics):
    extra = [one_row("weight_change/q", layer, 0.1 * layer) for layer in (2, 1)]
    extra = [*extra, one_row("weight_change/norms", 1, 0.3), one_row("weight_change", 1, 0.9)]
    names = ["mean_shift", "weight_change", "effective_rank"]
    rows = in_order([*layer_rows(statistics(0), None, names, NUM_BLOCKS), *extra], names)
    found = [(row.metric, row.layer) for row in rows]
    made = [("weight_change/q", 1), ("weight_change/q", 2), ("weight_change/norms", 1), ("weight_change", 1)]
    assert found == [*made, *(("effective_rank", layer) for layer in range(3))]
    assert rows[2:4] == extra[2:]


def test_a_metric_of_views_gets_them_by_sample_and_view(statistics, monkeypatch):
    seen = []

    def seeing(views):
        seen.append(views)
        return (views,)

    @together(seeing)
    def spied(views, kept):
        return views[kept].mean()

    spy = of_rows("spy", 2, family="information", needs="views", unit="")
    monkeypatch.setitem(METRICS, "spy", spy)
    found = {"src.metrics.information.spy.spy": spied}
    monkeypatch.setattr("src.probe.table.measure.resolve", found.__getitem__)
    base = statistics(0)
    base.views = torch.randn(NUM_BLOCKS + 1, N, 3, WIDTH, generator=torch.Generator().manual_seed(4))
    rows = layer_rows(base, None, ["spy"], NUM_BLOCKS)
    assert all(torch.equal(*pair) for pair in zip(seen, base.views, strict=True))
    assert [row.value for row in rows] == pytest.approx([one.mean().item() for one in base.views])
    assert [(row.stage, row.n, row.stderr > 0) for row in rows] == [("base", N, True)] * 3


def test_spectra_of_a_layer_are_computed_once(statistics, monkeypatch):
    calls = []
    monkeypatch.setattr(
        torch.linalg, "eigvalsh", lambda m, real=torch.linalg.eigvalsh: calls.append(1) or real(m)
    )
    layer_rows(statistics(0), statistics(1), ["effective_rank", "participation_ratio"], NUM_BLOCKS)
    assert len(calls) == 6 * (N + 1)  # two stages of three layers, whole and without each sample


def test_csv_comes_back_equal_and_missing_is_empty(tmp_path):
    rows = [
        LayerRow("base", 0, 0.0, "effective_rank", 1 / 3, 1e-17, 200, 0.1, 2 / 3),
        LayerRow("change", 1, 1 / 30, "cka_debiased", None, None, 200),
        LayerRow("change", 2, 2 / 30, "weight_change/q", 0.0, None, None),
    ]
    path = tmp_path / "layers.csv"
    write_layers(path, rows)
    lines = path.read_text().splitlines()
    assert lines[0] == "stage,layer,depth,metric,value,stderr,n,low,high"
    assert lines[2].endswith("cka_debiased,,,200,,")
    assert read_layers(path) == rows


@pytest.mark.parametrize(
    "text", ["", "stage,layer\nbase,0\n", "stage,layer,depth,metric,value,stderr,n\nbase,0,0.0\n"]
)
def test_damaged_csv_is_named(text, tmp_path):
    path = tmp_path / "layers.csv"
    path.write_text(text)
    with pytest.raises(StorageError, match=r"layers.csv: cannot be read as a layer table"):
        read_layers(path)


def test_adapters_move_nothing_below_them(tiny, lora, rows, batched, tmp_path):
    model, blocks = tiny("llama")
    wrapped = lora(model, ["model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.v_proj"])
    names = [
        "cka_debiased",
        "cosine_similarity",
        "mean_shift",
        "change_intensity",
        "procrustes_distance",
        "prompt_entropy",
        "weight_change",
    ]
    folders = [tmp_path / "base", tmp_path / "tuned"]
    [folder.mkdir() for folder in folders]
    with wrapped.disable_adapter():
        base = probe_pass(wrapped, blocks, batched(rows), 5, names, folders[0])
    tuned = probe_pass(wrapped, blocks, batched(rows), 5, names, folders[1])
    table = [*layer_rows(base, tuned, names, 3), *update_rows(wrapped, blocks, ["weight_change"])]
    found = {(row.metric, row.stage, row.layer): row.value for row in table}
    for layer in (0, 1):
        assert found["mean_shift", "change", layer] == 0.0
        assert found["change_intensity", "change", layer] == 0.0
        assert found["procrustes_distance", "change", layer] == 0.0
        assert found["cosine_similarity", "change", layer] == pytest.approx(1.0, abs=1e-12)
        assert found["prompt_entropy", "base", layer] == found["prompt_entropy", "tuned", layer]
    for layer in (2, 3):
        assert found["mean_shift", "change", layer] > 1e-3
        assert found["procrustes_distance", "change", layer] > 1e-2
        assert found["cka_debiased", "change", layer] < 0.9999
    assert [found["weight_change", "change", layer] > 0 for layer in (1, 2, 3)] == [False, True, False]
