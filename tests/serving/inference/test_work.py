"""Requests under way: together as alone to the bit, no more than may be, and who takes too long keeps his place."""

import asyncio
import threading
import time

import numpy as np
import pytest
from tests.serving.inference.cases import objects, rows

from chainrule.serving.inference import work
from chainrule.serving.inference.bodies.cells import Cells
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.served import FEW, Served

ROWS = objects(rows(40, seed=9))


@pytest.mark.parametrize("name", ["kinds", "several", "prices"])
def test_together_gives_the_bits_of_alone(name, client):
    ask = client(name)
    alone = [ask.post("/predict?explain=true", [row]).body for row in ROWS]
    calls = []
    served = ask.repository.get(name)
    coder = served._coder
    served._coder = lambda columns, rows: calls.append(rows) or coder(columns, rows)
    together = ask.run(*(ask.posted("/predict?explain=true", [row]) for row in ROWS))
    assert [one.body for one in together] == alone
    assert sum(calls) == len(ROWS)
    assert len(calls) < len(ROWS) / 4


def test_what_is_wrong_with_one_is_told_to_nobody_else(client):
    ask = client("kinds")
    wrong = {**ROWS[0], "size": "huge"}
    answers = ask.run(*(ask.posted("/predict", [row]) for row in (ROWS[0], wrong, ROWS[1], {"size": 1}, 3)))
    assert [one.status for one in answers] == [200, 422, 200, 422, 422]
    assert answers[0].body == ask.post("/predict", [ROWS[0]]).body


def test_rows_by_their_numbers_and_by_columns_are_the_same(served):
    model = served["kinds"]
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    (by_row,) = model.read([Cells(columns, len(ROWS))])
    (by_column,) = model.read([Cells({name: cells * 9 for name, cells in columns.items()}, 9 * len(ROWS))])
    assert 9 * len(ROWS) > FEW
    np.testing.assert_array_equal(np.tile(by_row.rows.values, (9, 1)), by_column.rows.values)


class Slow:
    """A model that predicts when it is let."""

    def __init__(self, monkeypatch, ask):
        self.let, self.began = threading.Event(), threading.Event()
        monkeypatch.setattr(work, "QUICK", 0.0)  # so that it is predicted in the thread
        served = ask.repository.every[0]
        answer = served.answer

        def slow(taken, asked):
            self.began.set()
            assert self.let.wait(60)
            return answer(taken, asked)

        monkeypatch.setattr(served, "answer", slow)


def test_who_takes_too_long_keeps_his_place_until_the_work_ends(client, monkeypatch):
    ask = client("kinds", limits=Limits(requests=2, seconds=0.05))
    slow = Slow(monkeypatch, ask)

    async def story():
        first = await ask.posted("/predict", ROWS[:1])
        second = await ask.posted("/predict", ROWS[:1])
        third = await ask.posted("/predict", ROWS[:1])
        live = await ask.ask("GET", "/v2/health/live")
        full = ask.application.work.under_way
        slow.let.set()
        while ask.application.work.under_way:
            await asyncio.sleep(0.001)
        return first, second, third, live, full

    first, second, third, live, full = ask.run(story())[0]
    assert [first.status, second.status, third.status, live.status] == [504, 504, 503, 200]
    assert third.headers["retry-after"] == "1"
    assert full == 2  # the third was refused
    assert ask.application.work.under_way == 0
    monkeypatch.undo()
    assert ask.post("/predict", ROWS[:1]).status == 200


def test_who_has_given_up_is_not_predicted(client, monkeypatch):
    ask = client("kinds", limits=Limits(seconds=0.05))
    slow, read = Slow(monkeypatch, ask), []
    of = Served.read
    monkeypatch.setattr(Served, "read", lambda self, requests: read.append(len(requests)) or of(self, requests))

    async def story():
        first = asyncio.ensure_future(ask.posted("/predict", ROWS[:1]))
        while not slow.began.is_set():
            await asyncio.sleep(0.001)
        others = await asyncio.gather(*(ask.posted("/predict", ROWS[:1]) for _ in range(3)))
        slow.let.set()
        while ask.application.work.under_way:
            await asyncio.sleep(0.001)
        return [await first, *others]

    assert [one.status for one in ask.run(story())[0]] == [504] * 4
    assert read == [1]


def test_too_many_at_once_are_told_to_come_again(client):
    answers = client("kinds", limits=Limits(requests=8)).run
    ask = client("kinds", limits=Limits(requests=8))
    found = ask.run(*(ask.posted("/predict", [row]) for row in ROWS[:20]))
    assert sorted({one.status for one in found}) == [200, 503]
    assert sum(one.status == 200 for one in found) == 8
    assert ask.application.work.under_way == 0
    assert answers() == []


def test_a_long_request_holds_up_no_short_one(client, monkeypatch):
    ask = client("kinds")
    served, order = ask.repository.get("kinds"), []
    answer = served.answer

    def told(taken, asked):
        if taken.rows.shape[0] > 1:
            time.sleep(0.3)
        order.append(taken.rows.shape[0])
        return answer(taken, asked)

    monkeypatch.setattr(served, "answer", told)
    long = ROWS * 20
    ask.run(ask.posted("/predict", long), ask.posted("/predict", ROWS[:1]))
    assert order == [1, len(long)]


def test_long_requests_are_answered_one_by_one(client, monkeypatch):
    ask = client("kinds")
    served, order = ask.repository.get("kinds"), []
    answer = served.answer

    def told(taken, asked):
        time.sleep(0.05)
        return answer(taken, asked)

    monkeypatch.setattr(served, "answer", told)

    async def one(number):
        await ask.posted("/predict", ROWS * 20)
        order.append((number, len(order), ask.application.work.under_way))

    ask.run(*(one(number) for number in range(4)))
    assert [number for number, *_ in order] == [0, 1, 2, 3]
    assert order[0][2] == 3  # when the first has its answer, three are under way


def test_a_server_ends_though_a_request_does_not(client, monkeypatch):
    ask = client("kinds", limits=Limits(seconds=0.05))
    slow = Slow(monkeypatch, ask)
    assert ask.run(ask.posted("/predict", ROWS[:1]))[0].status == 504
    started = time.monotonic()
    ask.application.work.stop()
    assert time.monotonic() - started < 30
    slow.let.set()


def test_a_defect_of_one_request_does_not_end_the_thread(client, monkeypatch):
    ask = client("kinds")
    monkeypatch.setattr(work, "QUICK", 0.0)
    with monkeypatch.context() as context:
        context.setattr(Served, "read", lambda self, requests: 1 / 0)
        assert ask.post("/predict", ROWS[:1]).status == 500
    assert ask.post("/predict", ROWS[:1]).status == 200
