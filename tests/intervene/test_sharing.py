"""Ranks share batches through files: each is computed once, and all have what one process has."""

import sys
import threading

import numpy
import pytest

from src.errors import DataError
from src.intervene.engine.item_table import collect
from src.intervene.engine.sharing import share, sharing
from src.runtime.launched import Launched
from src.runtime.progress import Progress


@pytest.mark.parametrize("count", [1, 2, 3])
def test_each_batch_is_computed_by_one_rank_and_every_rank_has_all(tmp_path, monkeypatch, count):
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # threads stand in for processes that have an own one each
    monkeypatch.setattr(Progress, "told", True)
    batches = [[3, 1], [0, 6], [5], [2, 4]]
    computed, found, told = [], {}, []

    def compute(batch):
        computed.append((share().rank, batch))
        numbers = numpy.array(batch)
        return numbers, {"square": numbers**2}

    def rank(number):
        with sharing(Launched(number, count)):
            found[number] = collect(tmp_path, ["key", count], batches, compute, lambda: told.append(number))

    others = [threading.Thread(target=rank, args=(number,)) for number in range(count)]
    for other in others:
        other.start()
    for other in others:
        other.join(30)
    assert sorted(found) == list(range(count))
    for arrays in found.values():
        assert arrays["square"].tolist() == [0, 1, 4, 9, 16, 25, 36]
    assert sorted(batch for _, batch in computed) == sorted(batches)
    assert all(number == batches.index(batch) % count for number, batch in computed)
    assert sorted(told) == sorted(list(range(count)) * len(batches))


def test_what_is_wrong_is_said_by_the_first_rank(capsys):
    with pytest.raises(DataError), sharing(Launched(0, 2)):
        print("told")
        raise DataError("wrong")
    with pytest.raises(SystemExit) as ended, sharing(Launched(1, 2)):
        print("told twice")
        assert not Progress.told
        raise DataError("wrong")
    assert ended.value.code == 2
    assert capsys.readouterr().out == "told\n"
    assert Progress.told
    assert share() == (0, 1)
