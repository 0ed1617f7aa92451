"""Abilities beside the run's own rows: English by nats per byte, other data under the name of a task."""

import math

import pytest
import torch

from src.data.passages import held_out_passages
from src.data.splits import load_splits
from src.errors import ConfigError
from src.evaluate.english import METRIC
from src.evaluate.harness import evaluate


@pytest.fixture
def score(model, tokenizer, rows, make_data, make_evaluate, tmp_path):
    model.config.max_position_embeddings = 1024

    def run(**config):
        return evaluate(model, tokenizer, rows, make_data(), make_evaluate(**config), tmp_path, 0)

    return run


def test_english_is_the_mean_nats_per_byte_of_held_out_passages(score, model, tokenizer):
    found = score(tasks=["english"], num_passages=5, batch_size=2)
    (one,) = found.scores
    passages = sorted(held_out_passages()[:5], key=len)
    expected = [nats_per_byte(model, tokenizer, text) for text in passages]
    assert (one.task, one.metric, one.n, one.higher_is_better) == ("english", METRIC, 5, False)
    assert one.value == pytest.approx(sum(expected) / 5, rel=1e-5)
    spread = torch.tensor(expected).double().std().item() / math.sqrt(5)
    assert one.stderr == pytest.approx(spread, rel=1e-4)
    assert [sample["scores"][METRIC] for sample in found.samples] == pytest.approx(expected, rel=1e-5)
    assert [sample["prompt"] for sample in found.samples] == passages
    assert len({sample["id"] for sample in found.samples}) == 5


def nats_per_byte(model, tokenizer, text):
    """By hand: every token predicted from the end token and the tokens before it."""
    ids = torch.tensor([[tokenizer.eos_token_id, *tokenizer(text, add_special_tokens=False)["input_ids"]]])
    model.eval()
    with torch.no_grad():
        loss = torch.nn.functional.cross_entropy(model(ids).logits[0, :-1], ids[0, 1:], reduction="sum")
    return loss.item() / len(text.encode())


def test_more_passages_than_there_are_is_refused(score):
    with pytest.raises(ConfigError, match=r"evaluate.num_passages: given 9999; accepted: at most \d+"):
        score(tasks=["english"], num_passages=9999)


def test_an_ability_is_scored_on_the_test_rows_of_its_own_data(score, make_data):
    other = make_data(name="more", seed=7, num_train=1, num_probe=1, num_test=4)
    found = score(tasks=["heldout", "more"], retention_tasks={"more": other})
    assert {one.task: one.n for one in found.scores} == {"heldout": 7, "more": 4}
    ids = [sample["id"] for sample in found.samples if sample["task"] == "more"]
    assert ids == [row.id for row in load_splits(other).test]


def test_an_ability_that_no_task_names_is_not_made(score, make_data):
    other = make_data(name="more", generator="no_such_generator")
    assert {one.task for one in score(tasks=["heldout"], retention_tasks={"more": other}).scores} == {
        "heldout"
    }


def test_forgetting_composes_and_its_rows_are_not_the_runs(make_config):
    config = make_config("evaluate=forgetting", "data=gsm_symbolic").evaluate
    assert config.tasks == ["heldout", "english", "gcd"]
    assert config.retention_tasks["gcd"].generator == "gcd"
    assert config.retention_tasks["gcd"].num_test == 60


def test_the_name_of_an_ability_is_its_own(make_config):
    with pytest.raises(ConfigError, match="evaluate.retention_tasks: given 'english'"):
        make_config("+data@evaluate.retention_tasks.english=gcd")


def test_what_a_run_trains_on_is_no_ability_of_it(make_config):
    with pytest.raises(
        ConfigError, match="evaluate.tasks: given 'gcd'; accepted: no ability that data=gcd trains"
    ):
        make_config("data=gcd", "evaluate=forgetting")
    make_config("data=gcd", "evaluate=forgetting", "evaluate.tasks=[heldout,english]")
