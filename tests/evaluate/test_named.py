"""Tasks of lm-eval's own list: found by name, or refused in one line when their data is out of reach."""

import pytest
from lm_eval.tasks import TaskManager

from src.errors import ConfigError, DataError
from src.evaluate.named import load_tasks, row_sets

WITHOUT_SHOTS = """
task: {name}
dataset_path: strata-test/not-there
test_split: test
output_type: multiple_choice
doc_to_text: question
doc_to_choice: [yes, no]
doc_to_target: 0
"""


@pytest.fixture
def own_list(monkeypatch, tmp_path):
    """Let lm-eval's own list be one folder, so that a test does not read all of it."""

    def replace(**tasks):
        for name, text in tasks.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        real = TaskManager.__init__

        def init(self, include_path=None, include_defaults=True):
            own = [str(tmp_path)] if include_defaults else []
            real(self, include_path=[*include_path, *own], include_defaults=False)

        monkeypatch.setattr(TaskManager, "__init__", init)

    return replace


@pytest.fixture
def load(rows, make_data, make_evaluate, tmp_path):
    return lambda **config: load_tasks(
        {"heldout": (rows, make_data())}, make_evaluate(**config), tmp_path / "cache"
    )["tasks"]


@pytest.fixture
def local_task(tmp_path):
    """A multiple-choice task with local data; the number of examples as given."""
    data = tmp_path / "choice.jsonl"
    data.write_text("".join(f'{{"question": "q{i}?", "right": {i % 2}}}\n' for i in range(6)))

    def text(num_fewshot):
        lines = [
            "task: choice",
            "dataset_path: json",
            f"dataset_kwargs: {{data_files: {{test: {data}}}, cache_dir: {tmp_path / 'arrow'}}}",
            "test_split: test",
            "fewshot_split: test",
            "output_type: multiple_choice",
            "doc_to_text: question",
            "doc_to_choice: ['yes', 'no']",
            "doc_to_target: right",
            "metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]",
            f"num_fewshot: {num_fewshot}",
        ]
        return "\n".join(lines)

    return text


def test_data_out_of_reach_is_one_line(own_list, load, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    own_list(faraway=WITHOUT_SHOTS.format(name="faraway"))
    with pytest.raises(DataError) as caught:
        load(tasks=["heldout", "faraway"])
    text = str(caught.value)
    assert text.startswith("evaluate.tasks: the data of faraway cannot be reached and is not cached (")
    assert text.endswith("); without a network: evaluate.tasks=[heldout]")
    assert "\n" not in text


def test_missing_package_is_one_line(own_list, load):
    own_list(odd=WITHOUT_SHOTS.format(name="odd") + "process_docs: !function no_such_package.f\n")
    with pytest.raises(ConfigError, match=r"^evaluate.tasks: odd needs a package \("):
        load(tasks=["odd"])


def test_unknown_name_lists_near_ones(own_list, load):
    own_list(hellaswag=WITHOUT_SHOTS.format(name="hellaswag"))
    message = r"^evaluate.tasks: given 'helaswag'; accepted: heldout, validation, english or a task of lm-eval, such as hellaswag$"
    with pytest.raises(ConfigError, match=message):
        load(tasks=["heldout", "helaswag"])


@pytest.mark.parametrize(("own", "asked", "used"), [(2, 1, 1), (2, None, 2), (0, 3, 0), ("null", None, 0)])
def test_number_of_examples(own_list, load, local_task, own, asked, used):
    own_list(choice=local_task(own))
    tasks = load(tasks=["heldout", "choice"], num_fewshot=asked)
    assert tasks["choice"].get_config("num_fewshot") == used
    assert tasks["heldout"].get_config("num_fewshot") == 0


def test_named_task_is_scored_beside_heldout(
    own_list, local_task, model, tokenizer, rows, make_data, make_evaluate, tmp_path
):
    from src.evaluate.harness import evaluate

    own_list(choice=local_task(1))
    config = make_evaluate(tasks=["heldout", "choice"], limit=4, batch_size=3)
    evaluation = evaluate(model, tokenizer, rows, make_data(), config, tmp_path / "cache", seed=0)
    assert [(score.task, score.metric, score.n) for score in evaluation.scores] == [
        ("heldout", "exact_match", 4),
        ("choice", "acc", 4),
    ]
    choices = [sample for sample in evaluation.samples if sample["task"] == "choice"]
    assert [sample["target"] for sample in choices] == ["0", "1", "0", "1"]
    for sample in choices:
        first, second = sample["response"]
        assert sample["scores"]["acc"] == float((second > first) == (sample["target"] == "1"))


def test_validation_rows_are_a_task_of_their_own(rows, make_data, make_evaluate):
    sets = row_sets(rows[:2], make_data(), make_evaluate(tasks=["heldout", "validation"]), None, rows[2:3])
    assert {name: own for name, (own, _) in sets.items()} == {"heldout": rows[:2], "validation": rows[2:3]}
    assert list(row_sets(rows, make_data(), make_evaluate(tasks=["heldout"]), None, rows[:1])) == ["heldout"]
