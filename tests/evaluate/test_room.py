"""Requests of a task that a model has no room for are one line, before it reads anything."""

import pytest
from lm_eval.api.instance import Instance

from src.errors import ConfigError, DataError, ModelError
from src.evaluate.language_model import LanguageModel

LIKELIHOOD, ROLLING, GENERATE = "loglikelihood", "loglikelihood_rolling", "generate_until"


@pytest.mark.parametrize(
    ("kind", "arguments", "error", "line"),
    [
        (LIKELIHOOD, ("1", "2" * 65), ConfigError, "quiz has a continuation of 65 tokens; accepted: at most the 64"),
        (LIKELIHOOD, ("1", ""), DataError, "quiz has a continuation without a token"),
        (LIKELIHOOD, ("1", "later"), ModelError, "gives the token id 258, but its embedding has 258 rows"),
        (LIKELIHOOD, ("later", "1"), ModelError, "gives the token id 258, but its embedding has 258 rows"),
        (ROLLING, ("1 later",), ModelError, "gives the token id 258, but its embedding has 258 rows"),
        (GENERATE, ("1 later", {"max_gen_toks": 4}), ModelError, "the token id 258, but its embedding has 258 rows"),
        (GENERATE, ("1", {"max_new_tokens": 64}), ConfigError, "quiz generates up to 64 tokens; accepted: tasks of less"),
        (GENERATE, ("1", {}), ConfigError, "quiz generates up to 256 tokens"),
    ],
)  # fmt: skip
def test_a_request_without_room_is_refused_unread(model, tokenizer, kind, arguments, error, line):
    lm = LanguageModel(pretrained=model, tokenizer=tokenizer, batch_size=2)
    tokenizer.add_tokens(["later"])
    model.register_forward_hook(lambda *_: pytest.fail("read"))
    fits = {LIKELIHOOD: ("1", "2"), ROLLING: ("1 2",), GENERATE: ("1", {"max_gen_toks": 4})}[kind]
    both = [Instance(kind, {}, given, 0, ("quiz", 0, 1)) for given in (fits, arguments)]
    with pytest.raises(error, match=line):
        getattr(lm, kind)(both)


def test_a_continuation_as_long_as_the_model_is_scored(model, tokenizer):
    lm = LanguageModel(pretrained=model, tokenizer=tokenizer, batch_size=2)
    ((value, _),) = lm.loglikelihood([Instance(LIKELIHOOD, {}, ("1", "2" * 64), 0, ("quiz", 0, 1))])
    assert value < 0
