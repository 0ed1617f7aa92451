"""Ranks share batches through files: each is computed once, and all have what one process has."""

import sys
import threading

import numpy
import pytest

from src.errors import DataError
from src.intervene.engine import sharing as sharing_module
from src.intervene.engine.item_table import collect
from src.intervene.engine.sharing import in_step, is_in_step, share, sharing, stop_between_passes
from src.runtime.launched import Launched
from src.runtime.preemption import Preempted
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


def in_threads(count, act):
    """Each rank of a model in pieces as a thread; `any_of` waits for all, as a collective does."""
    meeting, flags, lock = threading.Barrier(count, timeout=30), {}, threading.Lock()
    asked = [0] * count

    def agreeing(number):
        def any_of(flag):
            turn = asked[number] = asked[number] + 1
            with lock:
                flags.setdefault(turn, []).append(flag)
            meeting.wait()
            return any(flags[turn])

        return any_of

    def rank(number):
        with in_step(Launched(number, count), agreeing(number)):
            act(number, meeting)

    others = [threading.Thread(target=rank, args=(number,)) for number in range(count)]
    for other in others:
        other.start()
    for other in others:
        other.join(60)
    assert not any(other.is_alive() for other in others)


@pytest.mark.parametrize("missing", [(), (1,), (2, 3)], ids=["nothing is there", "one is missing", "two are"])
def test_ranks_in_step_pass_equally_often_and_each_keeps_what_is_its_own(tmp_path, monkeypatch, missing):
    """Four batches on three ranks: in the second round two ranks pass with a batch that is not theirs."""
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(Progress, "told", True)
    batches, passes, found = [[3, 1], [0, 6], [5], [2, 4]], {0: [], 1: [], 2: []}, {}

    def of(number, meeting):
        def compute(batch):
            passes[number].append(batch)
            meeting.wait()  # as the weights of a block are gathered: from all, or nobody goes on
            return numpy.array(batch), {"square": numpy.array(batch) ** 2}

        found[number] = collect(tmp_path, "key", batches, compute)

    if missing:
        with sharing(Launched(0, 1)):
            collect(
                tmp_path, "key", batches, lambda one: (numpy.array(one), {"square": numpy.array(one) ** 2})
            )
        for place in missing:
            (tmp_path / f"batch-{place:05d}.npz").unlink()
    in_threads(3, of)
    rounds = {(): [0, 1], (1,): [0], (2, 3): [0, 1]}[missing]
    for number in range(3):
        wanted = [batches[3 * one + number] if 3 * one + number < 4 else batches[3 * one] for one in rounds]
        assert passes[number] == wanted
        assert found[number]["square"].tolist() == [0, 1, 4, 9, 16, 25, 36]
    assert not is_in_step()


def test_ranks_in_step_stop_together_where_one_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(Progress, "told", True)
    monkeypatch.setattr(sharing_module, "stop_requested", lambda: share().rank == 1)
    stopped = []

    def act(number, meeting):
        with pytest.raises(Preempted):
            collect(tmp_path, "key", [[0], [1], [2]], lambda batch: pytest.fail("nothing is begun"))
        stop_between_passes()  # in the middle of a batch nobody leaves
        stopped.append(number)

    in_threads(3, act)
    assert sorted(stopped) == [0, 1, 2]


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
