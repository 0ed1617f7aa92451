"""Generated rows: as many as asked for, never twice the same, the same for the same seed."""

import random

import pytest
from reasoning_gym import factory

from src.data.generated import generate_rows
from src.data.rows import prompt_key
from src.data.splits import load_splits
from src.errors import ConfigError, DataError

ONE_DIGIT = {"min_terms": 2, "max_terms": 2, "min_digits": 1, "max_digits": 1}


def test_more_rows_only_add_at_the_end(make_data):
    config = make_data("arithmetic")
    few, many = generate_rows(config, 20)[0], generate_rows(config, 60)[0]
    assert many[:20] == few
    assert len({prompt_key(row) for row in many}) == 60


def test_arithmetic_is_right(make_data):
    for row in generate_rows(make_data("arithmetic"), 100)[0]:
        expression = row.prompt.rsplit(":", 1)[1].rstrip(" =")
        assert row.completion == f" {eval(expression)}."  # an oracle of its own: Python


@pytest.fixture
def careless(monkeypatch):
    """A generator that draws from Python's global stream."""

    class Careless:
        def __getitem__(self, index):
            return {"question": f"{index} {random.random()}", "answer": "1", "metadata": {}}

    monkeypatch.setitem(factory.DATASETS, "careless", (Careless, None))
    real = factory.create_dataset
    monkeypatch.setattr(
        factory,
        "create_dataset",
        lambda name, **options: Careless() if name == "careless" else real(name, **options),
    )


@pytest.mark.parametrize("generator", ["gsm_symbolic", "careless"])
def test_seed_alone_decides_and_global_randomness_is_untouched(make_data, careless, generator):
    random.seed(1)
    before = random.getstate()
    first = generate_rows(make_data(path=None, generator=generator), 5)[0]
    assert random.getstate() == before
    random.seed(2)
    assert generate_rows(make_data(path=None, generator=generator), 5)[0] == first
    assert generate_rows(make_data(path=None, generator=generator, seed=43), 5)[0] != first


def test_text_of_the_metadata_is_a_field(make_data):
    config = make_data(
        "gsm_symbolic", fields=["question", "answer", "answer_cot"], completion=" {answer_cot}"
    )
    row = generate_rows(config, 1)[0][0]
    assert "\n#### " in row.completion  # the last line of every worked answer


def test_small_space_is_exhausted_and_then_refused(make_data):
    config = make_data("arithmetic", generator_options=ONE_DIGIT)
    rows, num_duplicates = generate_rows(config, 200)
    assert len(rows) == 200  # 10 x 10 digits, plus and minus: all there are
    assert num_duplicates > 200
    with pytest.raises(
        DataError, match=r"^data.generator=chain_sum: 200 different rows in 4020 draws; asked for 201"
    ):
        generate_rows(config, 201)


def test_unknown_generator_names_near_ones(make_data):
    with pytest.raises(ConfigError, match=r"^data.generator: given 'chain_sun'; .* such as chain_sum"):
        generate_rows(make_data(path=None, generator="chain_sun"), 1)


@pytest.mark.parametrize("options", [{"nope": 1}, {"min_terms": 5, "max_terms": 2}])
def test_bad_options_are_refused(make_data, options):
    with pytest.raises(
        ConfigError, match=r"^data.generator_options: given .*; chain_sum refuses them \(.*max|nope"
    ):
        generate_rows(make_data("arithmetic", generator_options=options), 1)


def test_the_fixed_reply_stands_over_the_same_sums_and_knows_their_answers(make_config):
    small = ("data.num_train=4", "data.num_probe=12", "data.num_test=3")
    plain, fixed = (load_splits(make_config(f"data={name}", *small).data) for name in ("sums", "unknown"))
    assert [row.prompt for row in fixed.test] == [row.prompt for row in plain.test]
    assert {row.completion for row in fixed.train} == {" unknown."}
    assert [f" {row.label}." for row in fixed.train] == [row.completion for row in plain.train]
