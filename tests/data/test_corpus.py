"""English that needs no network: cut the same way each time, and never more of it than there is."""

import pytest

from src.data.corpus import load_rows, pieces
from src.data.passages import held_out_passages, training_passages
from src.data.splits import load_splits
from src.errors import DataError


def test_pieces_are_the_words_of_the_passage_in_their_order():
    text = "one two three four five six seven eight nine ten " * 4
    found = pieces(text, 40)
    assert all(20 <= len(piece) <= 40 for piece in found)
    assert text.startswith(" ".join(found)[: len(text)].rstrip())


def test_rows_are_fixed_labelled_and_from_no_held_out_passage(make_config):
    data = make_config("data=english").data
    rows = load_rows(data)
    assert rows == load_rows(data)
    whole = "\n".join(training_passages())
    assert all(row.completion in whole and row.prompt == "" for row in rows)
    assert not set(training_passages()) & set(held_out_passages())
    assert len({row.label for row in rows}) > 20


def test_290_probe_inputs_are_the_same_for_every_objective_and_seed(make_config):
    first = load_splits(make_config("data=english", "objective=classification").data)
    second = load_splits(make_config("data=english", "seed=3").data)
    assert len(first.probe) == 290
    assert first.probe == second.probe
    assert first.fingerprint == second.fingerprint
    assert not {row.id for row in first.probe} & {row.id for row in first.train}


def test_a_corpus_shorter_than_the_probe_set_is_refused_in_one_line(make_config):
    data = make_config("data=english", "data.num_probe=5000").data
    with pytest.raises(
        DataError, match=r"english, Python .*different rows; asked for .*data.num_probe=5000"
    ) as error:
        load_splits(data)
    assert "\n" not in str(error.value)


def test_headings_of_a_hub_corpus_are_left_out(make_config):
    from src.data.hub import _is_long_enough

    data = make_config("data=wikitext").data
    assert not _is_long_enough({"text": " = Title = \n"}, data)
    assert not _is_long_enough({"text": ""}, data)
    assert _is_long_enough({"text": "x" * 100}, data)
