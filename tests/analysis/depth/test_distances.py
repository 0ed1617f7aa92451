"""Objective distance beside steepness, from run folders."""

import json

import pytest
from scipy import stats

from src.analysis.depth.depth_study import analyse
from src.analysis.depth.published_findings import judge
from src.analysis.experiment import read_study


def arms_of(folder):
    study = read_study(folder)
    return [*study.arms, *study.nulls]


def test_objectives_without_a_distance_tie_whatever_rounding_left(write_run, tmp_path):
    """Rounding that orders the cells as their steepness does must not make a correlation."""
    noise = {"tiny_gpt2": 1e-16, "tiny_opt": 4e-16, "tiny_opt_1b": 3e-8}
    for place, (model, distance) in enumerate(noise.items()):
        write_run(0.2 + 0.1 * place, model, "causal_lm", distance=distance)
        write_run(0.3, model, "contrastive", distance=0.8)
    depth = analyse(arms_of(tmp_path / "study"))
    near = depth.distances[depth.distances["objective"] == "causal_lm"]
    assert set(near["value"]) == {0.0}
    ranks = depth.ranks[
        (depth.ranks["metric"] == "procrustes_distance") & (depth.ranks["quantity"] == "slope")
    ]
    row = ranks.set_index("architecture").loc["opt"]
    expected = stats.spearmanr([0, 0, 0.8, 0.8], [0.3, 0.4, 0.3, 0.3]).statistic
    assert row["rho"] == pytest.approx(expected)


def test_a_distance_belongs_to_the_runs_of_its_method(write_run, configure, tmp_path):
    for method, distance in (("full", 0.2), ("lora", 0.6)):
        for objective, more in (("contrastive", 0.0), ("simcse", 0.1)):
            folder = write_run(
                distance + more, "tiny_gpt2", f"{objective}_{method}", distance=distance + more
            )
            record = json.loads((folder / "run.json").read_text())
            record["choices"] |= {"method": method, "objective": objective}
            (folder / "run.json").write_text(json.dumps(record))
            configure(folder, method={"kind": method})
    ranks = analyse(arms_of(tmp_path / "study")).ranks
    rho = ranks[ranks["quantity"] == "slope"].set_index("metric").loc["procrustes_distance", "rho"]
    assert rho == pytest.approx(1)


def test_an_architecture_counts_once_however_many_distances_there_are(write_run, tmp_path):
    for place, objective in enumerate(("causal_lm", "contrastive", "simcse")):
        for model in ("tiny_gpt2", "tiny_opt"):
            folder = write_run(0.2 + place, model, objective, distance=0.4 * place, level=2.0)
            text = (folder / "layers.csv").read_text().splitlines()
            text += [
                line.replace("cosine_distance", "procrustes_distance")
                for line in text
                if "cosine_distance" in line
            ]
            (folder / "layers.csv").write_text("\n".join(text) + "\n")
    depth = analyse(arms_of(tmp_path / "study"))
    assert depth.ranks["distance_kind"].nunique() == 2
    (found,) = [one for one in judge(depth, 1.0) if one.name == "steepness_with_objective_distance"]
    assert "positive in 2 of 2 architectures" in found.ours
