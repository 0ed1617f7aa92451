from src.data.passages import MAX_CHARACTERS, MIN_CHARACTERS, held_out_passages, training_passages


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
