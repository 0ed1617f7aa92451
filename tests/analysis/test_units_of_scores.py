"""A published score stands beside a score of its own unit only."""

from types import SimpleNamespace

import pytest

from src.analysis.answers import Answers
from src.analysis.arm_scores import ArmScores, TaskScores
from src.analysis.measures.scored import score
from src.analysis.references import load_references


@pytest.mark.parametrize(("metric", "shown"), [("exact_match", [0.5]), ("nats_per_byte", [])])
def test_a_likelihood_in_nats_is_not_held_against_a_share_of_items(metric, shown):
    arm = SimpleNamespace(
        band="11111", published=True, record={"choices": {"model": "smollm2_135m"}},
        first=SimpleNamespace(config={"model.source": "package"}),
    )  # fmt: skip
    answers = {seed: Answers(0.5, 0.05, 100) for seed in (0, 1, 2)}
    task = TaskScores("heldout", metric, metric == "exact_match", [ArmScores(arm, tuned=answers)], [])
    study = SimpleNamespace(condition=lambda arm: "")
    [published] = [one for one in load_references() if one.label == "band_study_olmo2_7b/lora_score"]
    found = score(SimpleNamespace(study=study, scores=[task]), published)
    assert [one.estimate.value for one in found] == shown
