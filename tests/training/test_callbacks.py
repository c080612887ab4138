"""Callbacks: what they are told, what Progress and the writers make of it, and what happens where one raises."""

import io
import json
import math
import pickle
import sys
from dataclasses import replace

import pytest

from chainrule.errors import InputTypeError, MissingExtraError
from chainrule.training.callbacks import JSONLines, OnEpoch, Outlook, Progress, TensorBoard, progress
from chainrule.training.callbacks.base import Audience, callback
from chainrule.training.records import Record
from chainrule.training.units import Units

OUTLOOK = Outlook("MLPClassifier", epochs=5, done=0, rows=100, held_out=20, batch_size=10, parameters=99)
RECORDS = [Record(n, 1 / n, 0.1, 0.01, score=[0.5, 0.9, 0.7][n - 1], validation_loss=0.5) for n in (1, 2, 3)]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def told(*callbacks, records=RECORDS):
    audience = Audience(callbacks)
    audience.begin(OUTLOOK)
    stops = [audience.epoch(record) for record in records]
    audience.end("converged")
    return stops


def test_any_callback_may_stop():
    heard = []
    assert told(OnEpoch(heard.append), OnEpoch(lambda record: record.epoch == 2)) == [False, True, False]
    assert heard == RECORDS
    assert told(OnEpoch(lambda record: record.epoch == 2), OnEpoch(print)) == [False, True, False]


def test_the_time_left_counts_the_epochs_of_this_call(monkeypatch):
    """Of five epochs two were trained before; one took ten seconds, so that two more take twenty."""
    clock = iter([0.0, *[10.0] * 9])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    stream = io.StringIO()
    shown = Progress(stream)
    shown.begin(replace(OUTLOOK, done=2))
    shown.epoch(Record(3, 1.0, 0.1, 10.0))
    assert stream.getvalue().endswith("20 s left at most\n")


def test_functions_become_callbacks_and_others_do_not():
    assert callback("here", print) == OnEpoch(print)
    for bad in (3, "print", Progress, None):
        with pytest.raises(InputTypeError, match="here: expected a Callback"):
            callback("here", bad)


def test_what_a_callback_raises_says_who_and_when():
    with pytest.raises(ZeroDivisionError) as caught:
        told(OnEpoch(lambda record: 1 / (record.epoch - 2)))
    assert "after epoch 2" in caught.value.__notes__[0]
    assert "OnEpoch" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("score", "loss", "outlook", "said"),
    [
        (0.5, 0.25, {}, {"score": 0.5}),
        (0.5, 0.25, {"score": "accuracy"}, {"accuracy": 0.5}),
        (-0.25, 0.25, {"units": Units(10.0, 0.5)}, {"RMSE": 10 * 0.5**0.5, "R2": 0.5}),
        (-0.25, 0.25, {"units": Units(10.0, 0.0)}, {"RMSE": 10 * 0.5**0.5}),
        (0.48, 0.25, {"score": "R2", "units": Units(10.0, 0.5)}, {"RMSE": 10 * 0.5**0.5, "R2": 0.48}),
        (None, None, {"units": Units(10.0, 0.5)}, {}),
    ],
)
def test_what_is_told_of_held_out_rows_beside_their_loss(score, loss, outlook, said):
    record, about = Record(1, 0.3, 0.1, 0.01, score, loss), replace(OUTLOOK, **outlook)
    assert about.told(record) == pytest.approx(said)
    stream = io.StringIO()
    shown = Progress(stream)
    shown.begin(about)
    shown.epoch(record)
    words = "".join(f"  {name} {value:.4g}" for name, value in said.items())
    loss = "" if loss is None else f"  validation loss {loss:.4g}"
    assert stream.getvalue().startswith(f"epoch 1/5  loss 0.3{loss}{words}  best 1  ")


def test_an_error_of_what_has_diverged_is_none():
    units = Units(10.0, 0.5)
    assert math.isnan(units.rmse(math.nan)) and math.isinf(units.rmse(math.inf))
    assert units.rmse(0.0) == 0 and units.r2(0.0) == 1 and units.r2(0.5) == 0


def test_whoever_did_not_begin_is_not_told_of_the_end(tmp_path):
    audience = Audience([JSONLines(tmp_path / "no such folder" / "x")])
    with pytest.raises(FileNotFoundError):
        audience.begin(OUTLOOK)
    audience.end("broken off")


def test_plain_lines_without_a_terminal(monkeypatch):
    monkeypatch.setattr(progress, "APART", 0)
    stream = io.StringIO()
    told(Progress(stream))
    first, second, third, last = stream.getvalue().splitlines()
    assert first.startswith("epoch 1/5  loss 1  validation loss 0.5  score 0.5  best 1  ")
    assert "best 2" in second
    assert "best 2" in third
    assert third.endswith("s left at most")
    assert last.startswith("MLPClassifier: converged, ")


def test_many_short_epochs_make_few_lines(monkeypatch):
    monkeypatch.setattr(progress, "APART", 1e9)  # seconds: they are short, however busy the machine is
    stream = io.StringIO()
    told(Progress(stream), records=[Record(n, 1.0, 0.1, 0.0) for n in range(1, 1000)])
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("epoch 999/5")


def test_a_live_line_in_a_terminal():
    stream = Terminal()
    told(Progress(stream))
    assert "epoch 3/5  loss 0.3333" in stream.getvalue()
    assert "\x1b" in stream.getvalue()  # it moves the cursor


def test_plain_lines_where_rich_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.console", None)
    stream = Terminal()
    told(Progress(stream))
    assert "\x1b" not in stream.getvalue()
    assert "converged" in stream.getvalue()


def test_json_lines(tmp_path):
    file = tmp_path / "run.jsonl"
    file.write_text("already there\n")
    told(JSONLines(file), records=[*RECORDS, Record(4, float("nan"), 0.1, 0.01)])
    first, begin, *epochs, end = file.read_text().splitlines()
    assert first == "already there"
    assert json.loads(begin) == {"event": "begin", "name": "MLPClassifier", "epochs": 5, "done": 0, "rows": 100,
                                 "held_out": 20, "batch_size": 10, "parameters": 99, "score": "score",
                                 "units": None}  # fmt: skip
    assert [json.loads(line)["score"] for line in epochs] == [0.5, 0.9, 0.7, None]
    assert json.loads(epochs[-1])["loss"] is None
    assert json.loads(end) == {"event": "end", "reason": "converged"}


def test_tensorboard_files_hold_the_scalars(tmp_path):
    told(TensorBoard(tmp_path / "run"))
    (file,) = (tmp_path / "run").iterdir()
    content = file.read_bytes()
    for name in (b"loss", b"score", b"validation_loss", b"rate"):
        assert name in content
    assert b"training_score" not in content


def test_tensorboard_that_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError, match=r"chainrule\[tensorboard\]"):
        told(TensorBoard(tmp_path))


@pytest.mark.parametrize("make", [Progress, lambda: JSONLines("x"), lambda: TensorBoard("x")])
def test_callbacks_can_be_pickled_with_an_estimator(make):
    assert type(pickle.loads(pickle.dumps(make()))) is type(make())
