"""The controls are what they say: of the same size, in other directions, or in the same one at other sizes."""

import numpy
import pytest
import torch

from src.errors import ConfigError
from src.intervene.causal.controls import add_updates, control_quantities, variants, wrong_blocks
from src.intervene.causal.summary import summaries
from src.intervene.engine.gates import OWN, TUNED
from src.intervene.engine.memory import check_memory, needed_bytes
from src.intervene.engine.variants import score_patterns
from src.intervene.pair import update_sizes
from src.intervene.quantity import Quantity, over_seeds
from tests.intervene.conftest import BAND, NUM_BLOCKS, replay_of
from tests.intervene.test_variants import ROWS, items_of


def matrices(gates, name):
    """What an update adds, by layer or tensor."""
    if hasattr(gates, "layers"):
        return {key: b @ a for key, (a, b) in gates.updates[name].items()}
    base = {place.key: place.base for part in gates.parts[1:-1] for place in gates.places[part]}
    return {key: gates.updates[name][key] - value for key, value in base.items()}


@pytest.mark.parametrize("method", ["lora", "full"])
def test_noise_has_the_singular_values_of_the_update_and_nothing_of_its_direction(adapted_pair, method):
    gates = replay_of(adapted_pair("llama", method)).gates
    add_updates(gates, 0, None)
    own, noise = matrices(gates, OWN), matrices(gates, "noise")
    cosines = []
    for key, update in own.items():
        spectra = [torch.linalg.svdvals(one.double()) if one.ndim > 1 else one.norm() for one in
                   (update, noise[key])]  # fmt: skip
        torch.testing.assert_close(spectra[0].float(), spectra[1].float(), rtol=1e-3, atol=1e-4)
        cosines.append(float(torch.cosine_similarity(update.flatten(), noise[key].flatten(), dim=0)))
    assert abs(numpy.mean(cosines)) < 0.1


def test_permuted_factors_hold_the_same_numbers(adapted_pair):
    gates = replay_of(adapted_pair("llama")).gates
    add_updates(gates, 0, None)
    for key, update in matrices(gates, OWN).items():
        other = matrices(gates, "permuted")[key]
        assert not torch.equal(update, other)
        torch.testing.assert_close(update.flatten().sort()[0], other.flatten().sort()[0])


@pytest.mark.parametrize("method", ["lora", "full"])
def test_the_wrong_block_gives_its_own_update_away(adapted_pair, method):
    gates = replay_of(adapted_pair("llama", method, list(range(NUM_BLOCKS)))).gates
    add_updates(gates, 0, None)
    own, wrong, source = matrices(gates, OWN), matrices(gates, "wrong_block"), wrong_blocks(gates)
    assert sorted(source) == sorted(source.values()) == list(range(NUM_BLOCKS))
    assert all(block != other for block, other in source.items())
    for key, update in wrong.items():
        block = key.split("layers.")[1].split(".")[0]
        taken = key.replace(f"layers.{block}.", f"layers.{source[int(block)]}.")
        torch.testing.assert_close(update, own[taken], rtol=0, atol=1e-6)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_controls_run_and_ones_own_update_under_another_name_is_the_block_alone(
    adapted_pair, tmp_path, method
):
    adapted = adapted_pair("llama", method)
    replay, items = replay_of(adapted), items_of(adapted, ROWS[:4])
    gates = replay.gates
    sizes = update_sizes(gates, adapted.model, adapted.loaded.blocks, adapted.originals)
    add_updates(gates, 0, {name: value.detach() for name, value in adapted.trainable.items()})
    made = variants(gates, sizes)
    shares = [made["equal_norm", f"block {block}"][block + 1].share * sizes[block] for block in BAND]
    assert list(sizes) == BAND and numpy.ptp(shares) < 1e-9 and shares[0] > 0
    singles = {block: gates.pattern({block: TUNED}) for block in BAND}
    table = score_patterns(replay, items, [*made.values(), *singles.values()], tmp_path, "pair")
    found = {(one.kind, one.player): one.values[0] for one in control_quantities(gates, table, "logp", made)}
    none = table.of("logp", gates.base)
    for block, single in singles.items():
        alone = table.of("logp", single) - none
        assert numpy.array_equal(found["other_seed", f"block {block}"], alone)
        assert not numpy.array_equal(found["noise", f"block {block}"], alone)
    assert len(found) == len(BAND) * (6 if method == "lora" else 5)


def test_seeds_are_stacked_and_other_arms_are_refused():
    one, other = (Quantity("logp", "gain", "all", numpy.full((1, 4), value)) for value in (1.0, 2.0))
    (both,) = over_seeds([[one], [other]])
    assert both.estimate.num_seeds == 2 and both.estimate.value == 1.5
    with pytest.raises(Exception, match="one arm"):
        over_seeds([[one], [Quantity("logp", "gain", "all", numpy.ones((1, 5)))]])


def test_summaries_of_shares_that_are_known():
    draw = numpy.random.default_rng(0)

    def scattered(mean):
        around = draw.normal(0, 0.1, (3, 20))  # [seed, item]
        return mean + around - around.mean()

    names = [f"blocks {2 * place}-{2 * place + 1}" for place in range(5)]
    segments = [1.0, 2.0, 3.0, 2.0, 2.0]
    found = [
        Quantity("logp", "shapley", name, scattered(value))
        for name, value in zip(names, segments, strict=True)
    ]
    found += [Quantity("logp", "path", f"block {block}", scattered(block + 1)) for block in range(10)]
    found += [Quantity("logp", "alone", f"block {block}", scattered(2.0)) for block in range(10)]
    found += [Quantity("logp", "noise", f"block {block}", scattered(0.5)) for block in range(10)]
    values = {one.name: one for one in summaries(found, 10)}
    assert values["middle_share"].value == pytest.approx(0.7)
    assert values["noise_over_alone"].value == pytest.approx(0.25)
    assert values["alone_relative_slope"].value == pytest.approx(0, abs=1e-12)
    assert values["alone_centre"].value == pytest.approx(0.55)
    assert values["path_relative_slope"].value == pytest.approx(10 / 5.5)
    assert values["path_centre"].value == pytest.approx((numpy.arange(1, 11) ** 2).sum() / 550)


def test_memory_is_told_in_proportion_to_rows_and_refused_before_the_start(adapted_pair, monkeypatch):
    adapted = adapted_pair("llama")
    replay = replay_of(adapted)
    same = [ROWS[3]] * 8
    few, many = (needed_bytes(replay, items_of(adapted, same, batch_size=size), 7) for size in (2, 8))
    assert many == pytest.approx(4 * few, rel=0.01) and few > 0  # what all rows share counts for each
    check_memory(1, 8, torch.device("cpu"))
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": many - 1}))
    with pytest.raises(ConfigError, match=rf"{many} bytes.* {many - 1} bytes"):
        check_memory(many, 8, torch.device("cpu"))
