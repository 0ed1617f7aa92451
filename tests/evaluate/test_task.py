"""The test rows as a task of lm-eval: nothing is lost on the way, and other content is another task."""

import json
import re

import pytest
import yaml
from lm_eval.tasks import TaskManager

from src.config.evaluate import HELDOUT
from src.data.rows import Row
from src.errors import DataError, StorageError
from src.evaluate.task import write_task

AWKWARD = [
    "{{prompt}} {% raw %}",
    "2024-05-01",
    "ends with a line\n",
    ' "quotes" \\ and \t tabs',
    "line\u2028separator \x85 and 😀 \x7f",
    "123",
]


def load(folder):
    return TaskManager(include_path=str(folder), include_defaults=False).load([HELDOUT])["tasks"][HELDOUT]


def contexts(task):
    task.build_all_requests(rank=0, world_size=1)
    return [request.args[0] for request in task.instances]


@pytest.mark.parametrize("texts", [AWKWARD, *[[text] for text in AWKWARD]])
def test_prompts_arrive_as_they_are(make_data, tmp_path, texts):
    rows = [Row(text, f" {i}", str(i)) for i, text in enumerate(texts)]
    assert contexts(load(write_task(rows, make_data(), tmp_path))) == texts


def test_settings_arrive_as_they_are(make_data, tmp_path, rows):
    config = make_data(
        stop=["\n\n", "Q:", "é'\""], answer_pattern=r"(?:#### |\b)('?\d+\"?)", max_new_tokens=9
    )
    task = load(write_task(rows, config, tmp_path))
    assert task.config.generation_kwargs == {"until": config.stop, "max_gen_toks": 9, "do_sample": False}
    assert task.config.filter_list[0]["filter"][0]["regex_pattern"] == config.answer_pattern


def test_targets_are_answers_and_not_completions(make_data, tmp_path, rows):
    task = load(write_task(rows, make_data(), tmp_path))
    assert [task.doc_to_target(doc) for doc in task.eval_docs] == [str(2 * i) for i in range(7)]
    assert task.eval_docs["id"][:] == [row.id for row in rows]


def test_other_content_is_another_folder(make_data, tmp_path, rows):
    folders = {
        write_task(rows, make_data(), tmp_path): 7,
        write_task(rows[:-1], make_data(), tmp_path): 6,
        write_task(rows[::-1], make_data(), tmp_path): 7,
        write_task(rows, make_data(stop=["."]), tmp_path): 7,
        write_task(rows, make_data(answer_pattern="(.)"), tmp_path): 7,
        write_task(rows, make_data(max_new_tokens=5), tmp_path): 7,
    }
    assert len(folders) == 6
    assert {folder: len(contexts(load(folder))) for folder in folders} == folders


def test_written_once_and_completed_after_a_kill(make_data, tmp_path, rows):
    folder = write_task(rows, make_data(), tmp_path)
    before = (folder / "task.yaml").stat().st_mtime_ns
    assert write_task(rows, make_data(), tmp_path) == folder
    assert (folder / "task.yaml").stat().st_mtime_ns == before
    (folder / "task.yaml").unlink()
    (folder / "rows.jsonl").write_text('{"half')
    assert contexts(load(write_task(rows, make_data(), tmp_path))) == [row.prompt for row in rows]


def test_moved_cache_is_not_read_from_its_old_place(make_data, tmp_path, rows):
    (tmp_path / "a").mkdir()
    write_task(rows, make_data(), tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    assert len(contexts(load(write_task(rows, make_data(), tmp_path / "b")))) == len(rows)


def test_row_without_answer_is_named(make_data, tmp_path):
    message = (
        "test row r2: data.answer_pattern='(\\\\d+)' finds no answer in its completion (...'none at all'); "
        "accepted: a pattern that matches every completion, such as '(.+)'"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        write_task(
            [Row("p", " 1", "r1"), Row("q", " none\nat all", "r2")],
            make_data(answer_pattern=r"(\d+)"),
            tmp_path,
        )
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_written(make_data, tmp_path, rows):
    (tmp_path / "tasks").write_text("a file in the way")
    with pytest.raises(StorageError):
        write_task(rows, make_data(), tmp_path)


def test_files_are_plain(make_data, tmp_path, rows):
    folder = write_task(rows, make_data(), tmp_path)
    first = json.loads((folder / "rows.jsonl").read_text().splitlines()[0])
    assert first == {"id": "id0", "prompt": "0 + 0 =", "target": "0"}
    yaml.compose((folder / "task.yaml").read_text())
