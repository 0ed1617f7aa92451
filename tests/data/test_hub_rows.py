"""The hub is never needed to learn that it cannot be reached."""

import datasets
import pytest

from src.data.hub import load_rows
from src.errors import DataError

OFFLINE = "without a network: data=arithmetic, data=gsm_symbolic or data.path=FILE"


def fail_with(monkeypatch, error):
    def load(*args, **options):
        assert "trust_remote_code" not in options
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("Couldn't reach 'openai/gsm8k' on the Hub (OfflineModeIsEnabled)"),
        ValueError("Couldn't find cache for openai/gsm8k for config 'main'\nAvailable configs: []"),
    ],
)
def test_without_network_one_line_names_the_data_set_and_the_choices(make_data, monkeypatch, error):
    fail_with(monkeypatch, error)
    with pytest.raises(DataError) as caught:
        load_rows(make_data("gsm8k"), "train")
    first = str(error).splitlines()[0]
    assert str(caught.value) == (
        f"data.id=openai/gsm8k (main): cannot be reached and is not cached ({first}); {OFFLINE}"
    )


def test_real_library_offline_raises_what_is_caught(make_data, monkeypatch, tmp_path):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    with pytest.raises(DataError, match=OFFLINE):
        load_rows(make_data("gsm8k", id="strata-test/not-there"), "train")


def test_unknown_data_set(make_data, monkeypatch):
    fail_with(monkeypatch, datasets.exceptions.DatasetNotFoundError("Dataset 'a/b' doesn't exist on the Hub"))
    with pytest.raises(DataError, match=r"^data.id=a/b: no such data set, or it needs a login \(Dataset"):
        load_rows(make_data("gsm8k", id="a/b", hub_config=None), "train")


@pytest.fixture
def local_folder(tmp_path, monkeypatch):
    """A data set saved as files, which the library loads by the name of its folder."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "mine"
    folder.mkdir()
    datasets.Dataset.from_list([{"question": f"q{i}", "answer": f"a{i}"} for i in range(3)]).to_parquet(
        folder / "train.parquet"
    )
    return str(folder)


def test_local_data_set_is_read_in_order(make_data, local_folder):
    config = make_data("gsm8k", id=local_folder, hub_config=None, prompt="{question}")
    assert [row.prompt for row in load_rows(config, "train")] == ["q0", "q1", "q2"]


def test_unknown_split_and_missing_field_are_named(make_data, local_folder):
    config = make_data("gsm8k", id=local_folder, hub_config=None)
    with pytest.raises(DataError, match=r"split 'exam' cannot be loaded \(.*\); see data.hub_config"):
        load_rows(config, "exam")
    other = make_data("gsm8k", id=local_folder, hub_config=None, fields=["question", "answer", "hint"])
    with pytest.raises(
        DataError, match="train row 0: field 'hint' is missing; the record has question, answer"
    ):
        load_rows(other, "train")


def test_a_hub_that_does_not_answer_is_asked_once(make_data, monkeypatch, tmp_path):
    asked = []

    def refuse(self, hub_id, timeout):
        asked.append(hub_id)
        raise OSError("no route")

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", refuse)
    monkeypatch.setattr(datasets, "load_dataset", lambda *a, **k: pytest.fail("asked again"))
    with pytest.raises(DataError, match=r"openai/gsm8k \(main\): cannot be reached and is not cached"):
        load_rows(make_data("gsm8k"), "train")
    assert asked == ["openai/gsm8k"]
