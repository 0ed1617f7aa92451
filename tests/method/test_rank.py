import math
from dataclasses import replace

import pytest

from src.errors import ConfigError
from src.method.rank import plan_lora

SQUARE = (4096, 4096)


def plan(make_config, num_blocks, blocks, shapes=None, **changes):
    method = replace(make_config("method=lora").method, **changes)
    return plan_lora(method, blocks, shapes or [[SQUARE] * 4] * num_blocks)


@pytest.mark.parametrize(
    ("num_blocks", "rank", "blocks", "published"),
    [  # ranks of the published band scripts
        (16, 64, range(0, 3), 341), (16, 64, range(12, 16), 256), (16, 64, range(3, 9), 170), (16, 64, range(3, 12), 113),
        (32, 64, range(0, 6), 341), (32, 64, range(12, 19), 292), (32, 64, range(6, 19), 157), (32, 64, range(6, 25), 107),
        (40, 64, range(0, 8), 320), (40, 64, range(8, 24), 160), (40, 64, range(8, 32), 106),
        (64, 8, range(0, 12), 42), (64, 8, range(12, 25), 39), (64, 8, range(12, 38), 19), (64, 8, range(12, 51), 13),
    ],
)  # fmt: skip
def test_rank_budget_gives_the_published_ranks(make_config, num_blocks, rank, blocks, published):
    found = plan(make_config, num_blocks, blocks, rank=rank, alpha=128, budget="rank", scaling="fixed_alpha")
    assert found.rank == published
    assert found.alpha == 128
    assert found.scale == pytest.approx(128 / published)


def test_scaling_rules_say_what_alpha_means_when_the_rank_changes(make_config):
    asked = {"rank": 64, "alpha": 128, "budget": "rank"}
    fixed, ratio, rs = (
        plan(make_config, 32, range(6, 25), scaling=name, **asked)
        for name in ("fixed_alpha", "alpha_over_r", "rslora")
    )
    assert fixed.scale == pytest.approx(128 / 107)
    assert ratio.scale == pytest.approx(2.0)
    assert rs.scale == pytest.approx(128 / math.sqrt(107))
    assert rs.use_rslora


def test_params_budget_never_exceeds_the_reference_and_wastes_less_than_one_rank(make_config):
    shapes = [[(64, 64), (64, 32 + 8 * block)] for block in range(10)]  # blocks of unlike size
    cost = [sum(a + b for a, b in block) for block in shapes]
    for blocks in (range(2, 8), range(0, 2), range(8, 10)):
        found = plan(make_config, 10, blocks, shapes, rank=4, budget="params")
        spent, budget = found.rank * sum(cost[block] for block in blocks), 4 * sum(cost)
        assert spent <= budget < spent + sum(cost[block] for block in blocks)


def test_without_budget_rank_is_as_asked(make_config):
    assert plan(make_config, 32, range(6, 25), rank=16, budget="none").rank == 16


def test_rank_above_the_matrix_is_refused(make_config):
    shapes = [[(64, 64), (64, 32)]] * 10
    with pytest.raises(ConfigError, match="method.rank: given '33'; accepted: at most 32"):
        plan(make_config, 10, range(10), shapes, rank=33)
    with pytest.raises(ConfigError, match=r"80 \(from rank 16 and budget=rank\)"):
        plan(make_config, 10, range(0, 2), shapes, rank=16, budget="rank")


def test_budget_too_small_for_the_band_is_refused(make_config):
    with pytest.raises(ConfigError, match="leaves at least rank 1 on 10 blocks"):
        plan(make_config, 10, range(10), rank=1, budget="rank", budget_band=[0.0, 0.1])


def test_ranks_given_by_block_scale_each_block_by_its_own_rank(make_config):
    ranks = [0, 4, 8, 0, 2, 0]
    asked = {"ranks": ranks, "rank": 4, "alpha": 12}
    for scaling, expected in (
        ("fixed_alpha", [3, 1.5, 6]),
        ("alpha_over_r", [3, 3, 3]),
        ("rslora", [6, 12 / math.sqrt(8), 12 / math.sqrt(2)]),
    ):
        found = plan(make_config, 6, range(6), scaling=scaling, **asked)
        assert found.ranks == {1: 4, 2: 8, 4: 2}
        assert [found.scale_of(block) for block in found.ranks] == pytest.approx(expected)
        assert found.rank is None
        assert found.rank_units == 14


def test_ranks_that_do_not_fit_are_refused(make_config):
    with pytest.raises(ConfigError, match="method.ranks: given '3 ranks'; accepted: 6, one for every block"):
        plan(make_config, 6, range(6), ranks=[1, 2, 3])
    with pytest.raises(ConfigError, match=r"a rank for blocks \[0, 5\]'; accepted: 0 outside the band"):
        plan(make_config, 6, range(1, 5), ranks=[1, 0, 3, 0, 0, 1])
    with pytest.raises(ConfigError, match="method.ranks: given '33'; accepted: at most 32"):
        plan(make_config, 2, range(2), [[(64, 32)]] * 2, ranks=[1, 33])


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["method=lora", "method.ranks=[0,0]"], "method.ranks: given .0, 0.; accepted: ranks of at least 0"),
        (["method=lora", "method.ranks=[1,-1]"], "method.ranks: given"),
        (
            ["method=full", "method.ranks=[1]"],
            "method.ranks: given .1.; accepted: null, or a method with low-rank",
        ),
        (
            ["method=lora", "method.ranks=[1]", "method.budget=rank"],
            "method.budget: given 'rank'; accepted: none",
        ),
    ],
)
def test_ranks_that_cannot_work_are_refused_at_the_door(make_config, overrides, message):
    with pytest.raises(ConfigError, match=message):
        make_config(*overrides)
