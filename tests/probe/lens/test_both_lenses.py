"""Two models read at the same positions, row by row against what each says by itself."""

import copy
from types import SimpleNamespace

import pytest
import torch

from src.config.schema import MetricsConfig
from src.metrics.catalog import METRICS
from src.probe.lens.both_lenses import BothLenses, choices, pair_values, readings
from src.probe.lens.kept_lens import KeptLens
from src.probe.lens.lens_pass import lens_pass
from src.probe.lens.ridge_exits import exit_values, fold_maps
from src.probe.lens.text_lens import TextLens

PAIR = ["lens_pair_agreement", "lens_pair_js", "lens_answer_logp_change", "lens_gold_probability_change"]


@pytest.fixture
def batches(rows, batched):
    found = batched(rows * 3)
    for batch in found:
        mask = batch["attention_mask"]
        late = mask.cumsum(dim=1) > (2 * mask.sum(dim=1, keepdim=True) // 3).clamp(min=1)
        batch["labels"] = batch["input_ids"].where(late & mask.bool(), torch.tensor(-100))
    return found


@pytest.fixture
def pair(tiny, batches, tmp_path):
    """Base and tuned, whose last block and head differ."""
    model, blocks = tiny("llama")
    base = KeptLens(model, blocks, batches, False, tmp_path)
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.model.layers[2].mlp.down_proj.weight += 0.3
        other.model.norm.weight *= torch.linspace(0.5, 2, 16)
    return base, KeptLens(other, blocks, batches, False, tmp_path), (model, other, blocks)


def test_the_paired_difference_is_that_of_two_passes(pair, batches):
    base, tuned, (model, other, blocks) = pair
    own = readings(base, tuned)[""]
    for positions in ("first", "all"):
        found = pair_values(PAIR, base, tuned, own, positions)
        names = ["lens_answer_logp", "lens_gold_probability"]
        before, after = (lens_pass(one, blocks, batches, names, positions) for one in (model, other))
        for name in names:
            torch.testing.assert_close(found[f"{name}_change"], after[name] - before[name])
        assert (found["lens_pair_js"][:3] > 0).all()
        assert found["lens_pair_js"].shape == (4, 27)


def test_a_common_head_tells_a_change_of_states_from_one_of_the_head(pair):
    base, tuned, _ = pair
    found = readings(base, tuned)
    assert found.keys() == {"", "/base_head", "/tuned_head"}
    js = {
        key: pair_values(PAIR[:2], base, tuned, heads, "all")["lens_pair_js"] for key, heads in found.items()
    }
    for key in ("/base_head", "/tuned_head"):
        assert (js[key][:3] == 0).all()  # states up to block 1 are the same
        assert (js[key][3] > 0).all()
    assert readings(base, base).keys() == {""}


def test_what_layer_l_says_is_what_the_models_say(pair, batches):
    base, tuned, (model, other, _) = pair
    found = pair_values(["lens_pair_js"], base, tuned, readings(base, tuned)[""], "first")["lens_pair_js"]
    ids, labels = batches[0]["input_ids"][0], batches[0]["labels"][0]
    start = int((labels != -100).nonzero()[0])
    with torch.no_grad():
        p, q = (one(input_ids=ids[None, :start]).logits[0, -1].double().softmax(-1) for one in (model, other))
    m = (p + q) / 2
    js = ((p * (p / m).log()).sum() + (q * (q / m).log()).sum()) / 2
    assert found[-1, 0].item() == pytest.approx(js.item(), rel=1e-4)


def test_choices_are_the_models_own(pair):
    base, tuned, _ = pair
    one, other, rows = choices(base, tuned, readings(base, tuned)[""], "all")
    agreement = pair_values(PAIR[:1], base, tuned, readings(base, tuned)[""], "all")["lens_pair_agreement"]
    same = (one == other).double()
    for row in (0, 5, 26):
        torch.testing.assert_close(same[:, rows == row].mean(dim=1), agreement[:, row])


def test_a_ridge_exit_is_read_by_a_map_of_other_rows(pair, monkeypatch):
    _, tuned, _ = pair
    names = ["ridge_exit_accuracy", "ridge_exit_cross_entropy"]
    own = exit_values(names, tuned, tuned, "all")
    aligned = pair_values(PAIR[:1], tuned, tuned, (tuned.read, tuned.read), "all")["lens_pair_agreement"]
    assert own[names[0]].shape == aligned.shape
    batches = list(tuned.batches())
    maps = fold_maps(tuned, 1)
    x = torch.cat([one.states[1] for one in batches]).double()
    y = torch.cat([one.states[-1] for one in batches]).double()
    numbers = torch.cat([one.rows + 4 * place for place, one in enumerate(batches)])
    for fold, found in enumerate(maps):
        there = numbers % 2 != fold
        centred, goal = x[there] - x[there].mean(0), y[there] - y[there].mean(0)
        uncentred = x[there].square().sum() / 16
        a = torch.linalg.solve(centred.T @ centred + 1e-3 * uncentred * torch.eye(16), centred.T @ goal)
        torch.testing.assert_close(found[:-1], a)
    pinv = torch.linalg.pinv
    monkeypatch.setattr("src.probe.lens.ridge_exits.ridge_map", lambda gram, cross: pinv(gram) @ cross)
    last = exit_values(names, tuned, tuned, "all")[names[1]][-1]  # without a penalty layer L is itself
    torch.testing.assert_close(last.mean(), _loss(tuned), rtol=1e-3, atol=1e-3)


def test_through_the_base_s_map_equal_states_stay_what_they_were(pair):
    base, tuned, _ = pair
    tuned.head = base.head  # blocks 0 and 1 and now the head are equal in both
    names = ["ridge_exit_cross_entropy"]
    own = exit_values(names, base, base, "all")[names[0]]
    borrowed = exit_values(names, tuned, base, "all")[names[0]]
    assert torch.equal(own[:3], borrowed[:3])
    assert not torch.allclose(own[3], borrowed[3], atol=0.1)


def _loss(kept):
    found = []
    for one in kept.batches():
        logs = kept.read(one.states[-1]).log_softmax(-1)
        losses = -logs[torch.arange(len(one.targets)), one.targets].double()
        found += [losses[one.rows == row].mean() for row in range(one.num_rows)]
    return torch.stack(found).mean()


@pytest.fixture
def subjects(pair, rows, batches, make_config, tmp_path, monkeypatch):
    """Base and tuned as collectors are given them; what is encoded are rows of ids."""
    _, _, (model, other, blocks) = pair
    encoded = [
        SimpleNamespace(
            input_ids=ids, labels=[-100 if i < max(2 * len(ids) // 3, 1) else id for i, id in enumerate(ids)]
        )
        for ids in rows * 3
    ]
    monkeypatch.setattr("src.probe.lens.lens_rows.encode_rows", _encoded(encoded))
    metrics: MetricsConfig = make_config().metrics
    return [
        SimpleNamespace(
            model=one, blocks=blocks, loaded=SimpleNamespace(tokenizer=SimpleNamespace(pad_token_id=0)),
            probe=encoded, data=SimpleNamespace(max_length=40), metrics=metrics, compared=True,
            store=SimpleNamespace(folder=tmp_path),
        )
        for one in (model, other)
    ]  # fmt: skip


def _encoded(rows):
    def encode(given, tokenizer, max_length, supervise):
        if supervise == "all":
            given = [SimpleNamespace(input_ids=row.input_ids, labels=row.input_ids) for row in given]
        return SimpleNamespace(rows=list(given))

    return encode


def test_the_rows_of_the_table(subjects):
    base, tuned = subjects
    collector = BothLenses()
    needs = ("lens_pair", "lens_choices", "lens_exits")
    names = [name for name, metric in METRICS.items() if metric.needs in needs]
    found = collector.rows(names, collector.of_base(names, base), tuned)
    series = {(row.metric, row.stage) for row in found}
    assert ("lens_pair_kappa/tuned_head", "change") in series
    assert {stage for metric, stage in series if metric == "ridge_exit_accuracy"} == {"base", "tuned"}
    assert ("ridge_exit_accuracy/base_map", "tuned") in series
    by = {(row.metric, row.stage, row.layer): row for row in found}
    kappa, share = (by[f"lens_pair_{one}", "change", 2] for one in ("kappa", "agreement"))
    assert kappa.value <= share.value
    assert kappa.low < kappa.value < kappa.high
    assert not any(row.value is None for row in found)


def test_the_published_reading_of_whole_texts(subjects, rows):
    base, tuned = subjects
    collector = TextLens()
    names = ["lens_pair_agreement_paper", "early_exit_accuracy_paper"]
    found = collector.rows(names, collector.of_base(names, base), tuned)
    by = {(row.metric, row.stage, row.layer): row.value for row in found}
    right = count = same = 0
    for ids in rows:  # as text they end before the last id, which stands for the end token
        with torch.no_grad():
            outputs = [
                one.model(input_ids=torch.tensor([ids]), output_hidden_states=True) for one in subjects
            ]
            twice = [  # hidden_states[-1] is behind the norm already
                one.model.lm_head(one.model.model.norm(output.hidden_states[-1]))[0].argmax(-1)
                for one, output in zip(subjects, outputs, strict=True)
            ]
            first = [
                one.model.lm_head(one.model.model.norm(output.hidden_states[1]))[0, -2].argmax(-1)
                for one, output in zip(subjects, outputs, strict=True)
            ]
        right += int((twice[1][: len(ids) - 2] == torch.tensor(ids[1:-1])).sum())
        count += len(ids) - 2
        same += int(first[0] == first[1])
    assert by["early_exit_accuracy_paper", "tuned", 3] == pytest.approx(right / count)
    assert by["lens_pair_agreement_paper", "change", 1] == same / len(rows) < 1
    assert ("lens_pair_agreement_paper", "change", 3) not in by
