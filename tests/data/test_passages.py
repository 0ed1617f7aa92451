from src.data.corpus import load_rows
from src.data.passages import (
    MAX_CHARACTERS,
    MIN_CHARACTERS,
    held_out_passages,
    taught_passages,
    training_passages,
    untaught_topics,
)
from src.twin.pretraining import PASSAGES


def test_passages_are_prose_and_none_is_there_twice():
    found = [*training_passages(), *held_out_passages()]
    assert len(found) > 300
    assert len({text.casefold() for text in found}) == len(found)
    for text in found:
        assert MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS
        assert "\n" not in text and "  " not in text
        assert text[0].isupper() and text[-1] in ".:"


def test_what_scores_is_never_trained_on():
    assert not set(held_out_passages()) & set(training_passages())
    assert len(held_out_passages()) >= 60


def test_the_cut_is_the_same_every_time():
    first = held_out_passages()
    assert held_out_passages() == first
    assert first[:10] != sorted(first)[:10]


def test_what_tunes_a_twin_was_not_in_its_pretraining(make_config):
    untaught = {passage for passage, _ in untaught_topics()}
    assert untaught.isdisjoint(taught_passages())
    assert set(taught_passages()) <= set(training_passages()) - untaught
    config = make_config("model=twin_gpt2", "data=english_miniature")
    taught = "\n".join(PASSAGES[config.model.pretraining.corpus]())
    rows = load_rows(config.data)
    assert len(rows) > 600
    assert not [row.id for row in rows if row.completion in taught]
