"""General English without a network: prose of the language reference that every CPython ships.

The text is that of `pydoc_data.topics`. It differs a little between versions of Python, so whatever is
measured on it carries a fingerprint of the passages, and the record the version.
"""

import hashlib
import re
from functools import cache

MIN_CHARACTERS, MAX_CHARACTERS = 150, 1000  # shorter ones are headings and notes, longer ones are tables
MIN_PROSE = 0.88  # share of letters and spaces; grammar rules and signatures have less
HELD_OUT_ONE_IN = 5
PHRASE = 5  # words
UNTAUGHT_ONE_IN = 4  # of those that a model may be trained on

_PARAGRAPHS = re.compile(r"\n\s*\n")
_CODE = ("::=", ">>>", "==", "->")


def training_passages() -> list[str]:
    """Passages that a model may be trained on, in the order of the topics' names.

    Each is one paragraph of 150 to 1000 characters on one line, and none is there twice.
    """
    return [passage for passage, _ in training_topics()]


def training_topics() -> list[tuple[str, str]]:
    """The same passages, each with the topic that it was first found in."""
    return [(passage, topic) for passage, topic in _passages() if not _is_held_out(passage)]


def untaught_topics() -> list[tuple[str, str]]:
    """Of these, the one in four that no twin is pretrained on: what tunes and probes it is new to it."""
    return [(passage, topic) for passage, topic in training_topics() if _is_untaught(passage)]


def taught_passages() -> list[str]:
    """The others, on which twins are pretrained, less those that repeat five words of an untaught one."""
    untaught = {phrase for passage, _ in untaught_topics() for phrase in _phrases(passage)}
    return [text for text in training_passages() if untaught.isdisjoint(_phrases(text))]


def held_out_passages() -> list[str]:
    """Passages that score a model, about one in five, in an order that a hash draws: no prefix is one topic.

    None of them is in `training_passages`. A passage is held out by its own hash: new text moves no other.
    """
    return sorted((passage for passage, _ in _passages() if _is_held_out(passage)), key=_digest)


@cache
def _passages() -> tuple[tuple[str, str], ...]:
    """Each passage with the name of its topic."""
    from pydoc_data.topics import topics

    found: dict[str, tuple[str, str]] = {}
    for name in sorted(topics):
        for paragraph in _PARAGRAPHS.split(topics[name]):
            text = " ".join(paragraph.replace("**", "").split()).removeprefix("* ")
            if _is_prose(text):
                found.setdefault(text.casefold(), (text, name))
    return tuple(found.values())


def _is_prose(text: str) -> bool:
    """A whole paragraph of sentences."""
    if not MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS or any(sign in text for sign in _CODE):
        return False
    prose = sum(character.isalpha() or character == " " for character in text) / len(text)
    return text[0].isupper() and text[-1] in ".:" and prose >= MIN_PROSE


def _is_held_out(passage: str) -> bool:
    return int(_digest(passage), 16) % HELD_OUT_ONE_IN == 0


def _is_untaught(passage: str) -> bool:
    return int(_digest(passage), 16) // HELD_OUT_ONE_IN % UNTAUGHT_ONE_IN == 0


def _phrases(passage: str) -> set[str]:
    """Every run of five words: chapters of a reference repeat sentences."""
    words = passage.split()
    return {" ".join(words[first : first + PHRASE]) for first in range(len(words) - PHRASE + 1)}


def _digest(passage: str) -> str:
    return hashlib.sha256(passage.encode()).hexdigest()
