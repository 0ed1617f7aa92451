"""No prompt is in two splits, and never fewer rows come than were asked for."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.data import hub as module
from src.data.rows import Row
from src.data.source import Pool
from src.data.splits import load_splits
from src.errors import DataError

GSM8K = Path(__file__).resolve().parents[3] / "shared" / "data" / "gsm8k"


def record(text, answer="1"):
    return {"question": text, "answer": answer}


def keys(rows):
    return [" ".join(row.prompt.lower().split()) for row in rows]


def assert_disjoint(splits):
    everything = keys(splits.train) + keys(splits.probe) + keys(splits.test)
    assert len(everything) == len(set(everything))


def sized(make_data, num_train, num_probe, num_test, **values):
    return make_data(num_train=num_train, num_probe=num_probe, num_test=num_test, **values)


def test_one_file_is_cut_without_overlap(make_data, write_rows):
    path = write_rows([record(text) for i in range(10) for text in (f"Row {i}", f"row   {i}", f"ROW {i}\n")])
    splits = load_splits(sized(make_data, 5, 3, 2, path=path))
    assert_disjoint(splits)
    assert [len(part) for part in (splits.train, splits.probe, splits.test)] == [5, 3, 2]
    assert splits.num_duplicates == 20
    assert splits.source == path


def test_fewer_train_rows_are_a_beginning_of_more(make_data, write_rows):
    path = write_rows([record(f"row {i}") for i in range(30)])
    many, few = (load_splits(sized(make_data, count, 3, 2, path=path)) for count in (25, 5))
    assert (few.test, few.probe, few.train) == (many.test, many.probe, many.train[:5])
    assert few.fingerprint != many.fingerprint


@pytest.mark.parametrize("num_sets", [1, 2])
def test_validation_rows_are_left_over_and_leave_the_other_splits_as_they_are(
    make_data, write_rows, num_sets
):
    path = write_rows([record(f"row {i}") for i in range(30)])
    without, found = (
        load_splits(sized(make_data, 9, 3, 2, path=path, num_validation=n), num_sets) for n in (0, 5)
    )
    assert (found.train, found.probe, found.test) == (without.train, without.probe, without.test)
    assert found.further_probe == without.further_probe and without.validation == []
    others = keys(
        [*found.train, *found.probe, *found.test, *(row for own in found.further_probe for row in own)]
    )
    assert len(found.validation) == 5 and not set(keys(found.validation)) & set(others)
    assert found.fingerprint != without.fingerprint
    with pytest.raises(DataError, match="data.num_validation"):
        load_splits(sized(make_data, 9, 3, 2, path=path, num_validation=17), num_sets)


def test_data_seed_alone_decides(make_data, write_rows):
    path = write_rows([record(f"row {i}") for i in range(30)])
    one, again, other = (load_splits(sized(make_data, 9, 9, 9, path=path, seed=seed)) for seed in (1, 1, 2))
    assert one == again
    assert (one.fingerprint, one.test) != (other.fingerprint, other.test)


def test_fingerprint_follows_every_split(make_data, write_rows):
    path = write_rows([record("row 0"), record("row 1"), record("row 2")])
    first = load_splits(sized(make_data, 1, 1, 1, path=path))
    marks = {first.fingerprint}
    for changed in range(3):
        write_rows([record(f"row {i}", "2" if i == changed else "1") for i in range(3)])
        marks.add(load_splits(sized(make_data, 1, 1, 1, path=path)).fingerprint)
    assert len(marks) == 4


def test_prompt_of_the_test_file_is_used_nowhere_else(make_data, write_rows):
    path = write_rows([record(f"row {i}") for i in range(12)])
    tests = write_rows([record(f"ROW  {i}") for i in range(4)] + [record("row 0")], "test.jsonl")
    splits = load_splits(sized(make_data, 5, 3, 1, path=path, test_path=tests))
    assert_disjoint(splits)
    assert not {f"question: row {i} answer:" for i in range(4)} & set(keys(splits.train) + keys(splits.probe))
    assert splits.num_duplicates == 5


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (
            (5, 3, 3),
            r"10 different rows; asked for 11 \(data.num_test=3 \+ data.num_probe=3 \+ data.num_train=5\)$",
        ),
        ((1, 1, 10), r"10 different rows; asked for 12 "),
    ],
)
def test_never_silently_fewer(make_data, write_rows, counts, message):
    path = write_rows([record(f"row {i % 10}") for i in range(20)])
    with pytest.raises(DataError, match=message):
        load_splits(sized(make_data, *counts, path=path))


def test_never_silently_fewer_with_a_test_file(make_data, write_rows):
    path = write_rows([record(f"row {i}") for i in range(5)])
    tests = write_rows([record(f"test {i}") for i in range(3)], "test.jsonl")
    with pytest.raises(DataError, match=r"test source: 3 different rows; asked for 4 \(data.num_test=4\)$"):
        load_splits(sized(make_data, 1, 1, 4, path=path, test_path=tests))
    with pytest.raises(DataError, match=r"training source: 5 different rows; asked for 6 \(data.num_probe=3"):
        load_splits(sized(make_data, 3, 3, 3, path=path, test_path=tests))


@settings(max_examples=50, deadline=None)
@given(
    texts=st.lists(st.text("aAb \n", min_size=0, max_size=3), min_size=3, max_size=40),
    tests=st.none() | st.lists(st.text("aAb \n", max_size=3), min_size=1, max_size=10),
    seed=st.integers(0, 5),
)
def test_no_text_is_in_two_splits(make_data, texts, tests, seed):
    def rows(values):
        return (
            None if values is None else [Row(f"q {value}", f" {i}", str(i)) for i, value in enumerate(values)]
        )

    def different(values):
        return {" ".join(value.lower().split()) for value in values}

    own = different(texts) - different(tests or [])
    num_test = 1 if tests is None else len(different(tests))
    num_rest = len(own) - (num_test if tests is None else 0)
    config = make_data(num_train=max(num_rest - 1, 1), num_probe=1, num_test=num_test, seed=seed)
    with pytest.MonkeyPatch.context() as patch:
        made = SimpleNamespace(load=lambda *_: Pool(rows(texts), rows(tests), "texts"))
        patch.setattr("src.data.splits.source_of", lambda config: made)
        if num_rest < 2:
            with pytest.raises(DataError):
                load_splits(config)
        else:
            splits = load_splits(config)
            assert_disjoint(splits)
            assert len(splits.train) == num_rest - 1
            assert splits.num_duplicates == len(texts) + len(tests or []) - len(own | different(tests or []))


def test_hub_splits_are_read_by_name(make_data, monkeypatch):
    read = []

    def load(config, split):
        read.append(split)
        return [Row(f"{split} {i}", " 1", f"{split}{i}") for i in range(4)]

    monkeypatch.setattr(module, "load_rows", load)
    splits = load_splits(sized(make_data, 2, 2, 4, name="gsm8k"))
    assert sorted(read) == ["test", "train"]
    assert {row.prompt for row in splits.test} == {f"test {i}" for i in range(4)}
    assert splits.source == "openai/gsm8k main"
    one = load_splits(sized(make_data, 1, 1, 2, name="gsm8k", test_split=None))
    assert all(row.prompt.startswith("train") for row in one.test)


@pytest.mark.parametrize("name", ["arithmetic", "gsm_symbolic"])
def test_generated_splits_as_configured(make_data, name):
    config = make_data(name)
    splits = load_splits(config)
    assert_disjoint(splits)
    assert (len(splits.train), len(splits.probe), len(splits.test)) == (2000, 200, 200)


@pytest.mark.skipif(not GSM8K.is_dir(), reason=f"{GSM8K} is absent")
def test_gsm8k_files_do_not_overlap(make_data):
    paths = {"path": str(GSM8K / "train.jsonl"), "test_path": str(GSM8K / "test.jsonl")}
    splits = load_splits(make_data("gsm8k", num_train=7000, **paths))
    assert_disjoint(splits)
    assert (len(splits.train), len(splits.probe), len(splits.test)) == (7000, 200, 1319)
    assert not any("<<" in row.completion for row in splits.train)


def test_further_probe_rows_take_nothing_from_the_other_splits(make_data):
    config = make_data("arithmetic", num_train=40, num_probe=10, num_test=20)
    one, three = load_splits(config), load_splits(config, 3)
    assert (one.train, one.probe, one.test, one.fingerprint) == (
        three.train,
        three.probe,
        three.test,
        three.fingerprint,
    )
    assert one.further_probe == []
    assert [len(rows) for rows in three.further_probe] == [10, 10]
    parts = [three.train, three.probe, three.test, *three.further_probe]
    prompts = [row.prompt for part in parts for row in part]
    assert len(set(prompts)) == len(prompts) == 90


def test_too_few_rows_left_over_for_further_probe_sets(make_data, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f'{{"question": "q{i}", "answer": "{i}"}}\n' for i in range(12)))
    config = make_data("gsm8k", path=str(path), num_train=4, num_probe=3, num_test=3)
    assert len(load_splits(config).train) == 4
    with pytest.raises(DataError, match="2 rows are left over for 1 more sets of 3"):
        load_splits(config, 2)


def test_where_nothing_trains_no_training_row_is_needed_and_the_others_stay(make_data, write_rows):
    path = write_rows([record(f"row {i}") for i in range(8)])
    short = load_splits(sized(make_data, 100, 3, 5, path=path), trains=False)
    assert (len(short.train), len(short.probe), len(short.test)) == (0, 3, 5)
    enough = sized(make_data, 2, 3, 3, path=path)
    assert load_splits(enough, trains=False) == load_splits(enough)
    with pytest.raises(
        DataError, match=r"8 different rows; asked for 9 \(data.num_test=5 \+ data.num_probe=4\)$"
    ):
        load_splits(sized(make_data, 1, 4, 5, path=path), trains=False)
