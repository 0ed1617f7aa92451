"""lm-eval's table becomes scores; what is no number becomes None."""

import json
import math
from dataclasses import asdict

import numpy

from src.evaluate.samples import to_samples
from src.evaluate.task_scores import Score, to_scores

RESULTS = {
    "results": {
        "one": {
            "name": "one",
            "alias": "one",
            "sample_len": 4,
            "acc,none": numpy.float64(0.25),
            "acc_stderr,none": "N/A",
            "exact_match,strict-match": 0.5,
            "exact_match_stderr,strict-match": numpy.float64(0.1),
            "broken,none": math.nan,
            "broken_stderr,none": math.nan,
        },
        "group": {
            "name": "group",
            "alias": " - group",
            "sample_len": 9,
            "acc,none": 0.75,
            "acc_stderr,none": 0.2,
        },
    },
    "higher_is_better": {"one": {"acc": True, "exact_match": True}},
    "n-shot": {"one": 5},
    "versions": {"one": 1.0},
}


def test_keys_are_normalised_and_missing_numbers_are_none():
    scores = to_scores(RESULTS, batch_size=8)
    assert scores == [
        Score("one", "acc", 0.25, None, 4, True, 5, 8, "1.0"),
        Score("one", "exact_match/strict-match", 0.5, 0.1, 4, True, 5, 8, "1.0"),
        Score("group", "acc", 0.75, 0.2, 9, None, None, 8, None),
    ]
    json.dumps([asdict(score) for score in scores], allow_nan=False)


def test_multiple_choice_items_keep_their_log_likelihoods():
    sample = {
        "doc_id": 3,
        "doc": {"text": "x"},
        "target": 1,
        "arguments": [("prompt", " a"), ("prompt", " b")],
        "resps": [[(-2.0, False)], [(-1.0, True)]],
        "filtered_resps": [(-2.0, False), (-1.0, True)],
        "filter": "none",
        "metrics": ["acc", "words"],
        "acc": 1.0,
        "words": (-1.0, 7),
    }
    assert to_samples({"one": [sample]}) == [
        {
            "task": "one",
            "filter": "none",
            "id": 3,
            "prompt": "prompt",
            "target": "1",
            "response": [-2.0, -1.0],
            "answer": None,
            "scores": {"acc": 1.0, "words": None},
        }
    ]
