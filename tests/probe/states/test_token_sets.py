"""Which tokens are read: planted massive tokens, first tokens, and rows that lose all of theirs."""

import math
from dataclasses import replace
from statistics import median_low

import pytest
import torch

from src.config.schema import ProbeConfig
from src.data.encode import EncodedRow
from src.errors import ConfigError
from src.metrics.information.prompt_entropy import prompt_entropy
from src.probe.states.describe_tokens import describe_tokens
from src.probe.states.gather import gather
from src.probe.states.gathering import Gathering
from src.probe.states.layer_statistics import LayerStatistics
from src.probe.states.probe_rows import ProbeRows
from src.probe.table.layer_table import layer_rows

NAMES = ["cka_debiased", "mean_shift", "prompt_entropy", "curvature", "sparsity"]
LOUD = 60
"""The token whose embedding is planted to be massive."""


def settings(tokens="all", ratio=20.0):
    return ProbeConfig(seeds=[0], tokens=tokens, massive_ratio=ratio)


@pytest.fixture
def rows(rows):
    """Rows with one loud token in some, two in one, at the front, inside and at the end."""
    quiet = [[token % LOUD or 1 for token in row] for row in rows]
    for row, place in ((0, 0), (2, 5), (4, -1), (6, 0), (6, 4)):
        quiet[row][place] = LOUD
    return quiet


@pytest.fixture
def model(tiny):
    model, blocks = tiny("llama")
    with torch.no_grad():
        model.model.embed_tokens.weight[LOUD] *= 300
    return model.eval(), blocks


@pytest.fixture
def read(make_config, tmp_path_factory):
    """Statistics of a model on rows; left padding where it is asked for."""
    metrics = replace(make_config().metrics, names=NAMES, num_token_samples=5, batch_size=4)

    def one(model, rows, asked, base=None, side="right", names=NAMES):
        model, blocks = model
        encoded = [EncodedRow(str(number), row, None) for number, row in enumerate(rows)]
        probe = ProbeRows(encoded, [], 0, batch_size=4)
        if side == "left":
            probe = _LeftPadded(encoded, [], 0, batch_size=4)
        folder = tmp_path_factory.mktemp("read")
        own = replace(metrics, names=names)
        return gather(model, blocks, probe, own, folder, asked, base)

    return one


class _LeftPadded(ProbeRows):
    def batches(self, rows, model):
        found = []
        for batch in super().batches(rows, model):
            order = torch.argsort(batch["attention_mask"], dim=1, stable=True)
            moved = {key: batch[key].gather(1, order) for key in ("input_ids", "attention_mask")}
            found.append(batch | moved)
        return found


def states_of(model, rows):
    """By layer and row the states [token, width], each row on its own: layers 0 to the input of the last."""
    with torch.no_grad():
        found = [model[0](torch.tensor([row]), output_hidden_states=True).hidden_states for row in rows]
    return [[of_row[layer][0] for of_row in found] for layer in range(3)]


def same(one: LayerStatistics, other: LayerStatistics):
    for first, second in zip(one.pooled, other.pooled, strict=True):
        torch.testing.assert_close(first, second, rtol=0, atol=0, equal_nan=True)
    assert one.tokens.keys() == other.tokens.keys()
    for name, values in one.tokens.items():
        torch.testing.assert_close(values, other.tokens[name], rtol=0, atol=0, equal_nan=True)


def test_without_a_limit_no_token_is_massive_bit_for_bit(model, rows, read):
    found = read(model, rows, settings("all+no_massive", math.inf))
    same(found.of("no_massive"), found)
    same(found, read(model, rows, settings()))
    tuned = read(model, rows, settings("all+no_massive", math.inf), found)
    same(tuned.of("no_massive"), tuned)


def test_planted_tokens_are_found_and_left_out(model, rows, read):
    found = read(model, rows, settings("no_massive")).of("no_massive")
    for layer, states in enumerate(states_of(model, rows)):
        limit = 20 * median_low(float(state.norm()) for of_row in states for state in of_row)
        kept = [of_row[of_row.norm(dim=1) <= limit] for of_row in states]
        if layer == 0:
            assert [len(whole) - len(part) for whole, part in zip(states, kept, strict=True)] == [
                row.count(LOUD) for row in rows
            ]
        expected = torch.stack([of_row.mean(dim=0) for of_row in kept])
        torch.testing.assert_close(found.pooled[layer], expected, rtol=1e-4, atol=1e-5)
        entropies = [prompt_entropy(of_row).item() for of_row in kept[:5]]
        assert found.tokens["prompt_entropy"][layer].tolist() == pytest.approx(entropies, rel=1e-4)


@pytest.mark.parametrize("ratio", [20.0, 1.1])
def test_a_tuned_model_loses_the_tokens_of_its_base(ratio, model, rows, read):
    """1.1 medians: more tokens of a row than were foreseen, so that the base is passed again."""
    asked = settings("all+no_first+no_massive", ratio)
    base = read(model, rows, asked)
    same(read(model, rows, asked, base), base)  # the same model: the same numbers, to the bit
    for name in ("no_first", "no_massive"):
        same(read(model, rows, asked, base).of(name), base.of(name))
    with torch.no_grad():
        model[0].model.embed_tokens.weight[LOUD] /= 300  # quiet now, and left out all the same
    tuned = read(model, rows, asked, base).of("no_massive")
    norms = base.norms[0]
    for row, states in enumerate(states_of(model, rows)[0]):
        kept = states[~(norms[row, : len(states)] > ratio * norms.nanmedian())]
        if len(kept):
            torch.testing.assert_close(tuned.pooled[0][row], kept.mean(dim=0), rtol=1e-5, atol=1e-6)
        else:
            assert tuned.pooled[0][row].isnan().all()


@pytest.mark.parametrize("side", ["right", "left"])
def test_the_first_token_is_the_first_real_one(side, model, rows, read):
    found = read(model, rows, settings("no_first+no_massive"), side=side)
    for layer, states in enumerate(states_of(model, rows)):
        expected = torch.stack([of_row[1:].mean(dim=0) for of_row in states])
        torch.testing.assert_close(found.of("no_first").pooled[layer], expected, rtol=1e-4, atol=1e-5)
    same(found.of("no_massive"), read(model, rows, settings("no_massive")).of("no_massive"))
    assert found.of("no_first").tokens["curvature"][0, 1].isnan()  # two tokens are left of three


def test_rows_without_tokens_are_counted_and_left_out(model, rows, read, caplog):
    rows = [*rows, [LOUD], [7]]
    asked = settings("no_first+no_massive")
    base = read(model, rows, asked, names=["mean_shift"])
    told = describe_tokens(base, asked)
    assert told["left_out"]["no_first"] == [2, 2, 2, 2]
    assert told["left_out"]["no_massive"][0] == 1
    assert told["massive"][0] == sum(row.count(LOUD) for row in rows)
    assert told["massive_rows"][0] == sum(LOUD in row for row in rows)
    assert told["num_tokens"] == sum(map(len, rows))
    table = layer_rows(base.of("no_first"), base.of("no_first"), ["cka_debiased"], 3)
    assert {row.n for row in table} == {len(rows) - 2}
    few = read(model, [[5], [6], [7], [8], [1, 2], [3, 4]], asked, names=["mean_shift"]).of("no_first")
    reading = asked.readings[0]
    table = layer_rows(few, few, ["cka_debiased", "mean_shift"], 3, {}, reading)
    numbers = {row.metric: (row.value, row.n) for row in table}
    assert numbers == {"cka_debiased": (None, 2), "mean_shift": (0.0, 2)}
    assert caplog.messages == [
        "metric cka_debiased: layer 0: given 2 rows with tokens (probe.tokens=no_first); needed: at least 4"
    ]


def test_outlier_dimensions_hold_a_planted_share(model, rows, read):
    base = read(model, rows, settings())
    planted = torch.zeros(4, 9, 16)
    planted[:, :, 3] = torch.arange(9.0)  # variance 7.5
    planted[:, :, 8] = torch.arange(9.0) / math.sqrt(3)  # variance 2.5
    told = describe_tokens(replace(base, pooled=planted), settings())["outlier_dimensions"]["all"]
    assert told == {"1": pytest.approx([0.75] * 4), "3": pytest.approx([1.0] * 4)}


def test_a_planted_constant_dimension_changes_no_centred_metric(model, rows, read):
    base = read(model, rows, settings())
    pooled = torch.stack(list(base.pooled))
    tuned = pooled + 0.1 * torch.randn(pooled.shape, generator=torch.Generator().manual_seed(0))
    raised = [side.clone() for side in (pooled, tuned)]
    for side in raised:
        side[:, :, 2] += 5.0
    names = ["cka_debiased", "procrustes_distance", "effective_rank"]
    first = layer_rows(*(LayerStatistics(side, {}) for side in (pooled, tuned)), names, 3)
    second = layer_rows(*(LayerStatistics(side, {}) for side in raised), names, 3)
    assert [row.value for row in first] == pytest.approx([row.value for row in second], rel=1e-4)


def test_standardised_reading_is_by_the_base(model, rows, read):
    base = read(model, rows, settings())
    pooled = torch.stack(list(base.pooled))[:, :, :5].clone()
    tuned = LayerStatistics(2 * pooled + 1, {})
    reading = ProbeConfig(seeds=[0], dimensions="standardised").readings[0]
    assert reading.name == "all-standardised"
    table = layer_rows(LayerStatistics(pooled, {}), tuned, ["mean_shift"], 3, {}, reading)
    for layer, row in enumerate(table):
        own = pooled[layer].double()
        shift = (own.mean(dim=0) + 1) / own.std(dim=0, correction=0)  # mean of 2 x + 1, less that of x
        assert row.value == pytest.approx(float(shift.norm()), rel=1e-4)


@pytest.mark.parametrize(
    ("key", "value", "accepted"),
    [
        ("tokens", "some", "all, no_first, no_massive, or several joined by +"),
        ("tokens", "all+all", "all, no_first, no_massive, or several joined by +"),
        ("dimensions", "some", "plain, standardised, or several joined by +"),
        ("massive_ratio", 1.0, "a number above 1, or inf"),
    ],
)
def test_other_values_are_refused(key, value, accepted):
    with pytest.raises(ConfigError) as error:
        ProbeConfig(seeds=[0], **{key: value})
    assert str(error.value) == f"probe.{key}: given {value!r}; accepted: {accepted}"


def test_a_row_without_massive_tokens_inside_is_measured_no_third_time(model, rows, read, monkeypatch):
    """Without massive tokens it has the tokens of another reading: all of them, or all but the first."""
    asked, seen = settings("all+no_first+no_massive"), []
    base = read(model, rows, asked)
    real = Gathering._of_tokens
    monkeypatch.setattr(Gathering, "_of_tokens", lambda self, one: seen.append(one) or real(self, one))
    tuned = read(model, rows, asked, base)
    assert {row for name, _, row, _ in seen if name == "no_massive"} == {2, 4}
    for name in ("curvature", "prompt_entropy"):
        without, first = (tuned.of(reading).tokens[name] for reading in ("no_massive", "no_first"))
        assert torch.equal(without[:, [1, 3]], tuned.tokens[name][:, [1, 3]])
        assert without[0, 0] == first[0, 0] != tuned.tokens[name][0, 0]
