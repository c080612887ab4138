"""`chainrule demo`: on the first rows of Adult here, whole where it is slow; what it writes, and where it opens it."""

import os
import tempfile
import webbrowser
from dataclasses import replace

import numpy as np
import pytest

from chainrule import Model, datasets
from chainrule.cli import browser, exits
from chainrule.cli.first_words import OWN
from chainrule.training.callbacks import Progress
from chainrule.training.trainer import Trainer

#: Rows to train on, and to test.
TRAIN, TEST = 300, 100


@pytest.fixture(scope="module")
def short():
    """Adult with so few rows that it is learned in no time."""
    whole = datasets.load_adult()
    kept = np.r_[np.flatnonzero(whole.train)[:TRAIN], np.flatnonzero(whole.test)[:TEST]]
    parts = {"target": whole.target[kept], "train": whole.train[kept], "test": whole.test[kept]}
    return replace(whole, columns={name: column[kept] for name, column in whole.columns.items()}, **parts)


@pytest.fixture
def demo(inside, short, monkeypatch, tmp_path_factory):
    """The command on these rows; temporary files go to `demo.temporary`."""
    monkeypatch.setattr(datasets, "load_adult", lambda: short)
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(browser, "opened", lambda page: pytest.fail("nobody looks"))

    def command(*arguments):
        return inside("demo", *arguments)

    command.temporary = temporary
    return command


def test_a_report_that_is_told_of_and_nothing_else(demo, shell):
    done = demo()
    assert done.code == exits.WELL
    (report,) = demo.temporary.rglob("*.*")
    assert f"report           {report}\n" in done.out
    page = report.read_text(encoding="utf-8")
    assert "TableClassifier of <bdi>income</bdi>" in page and 'id="scores"' in page
    assert "the held-out rows that stopped training" not in page  # these are other rows
    assert "\n  accuracy " in done.out and f"{TEST} test rows" in done.out
    assert done.out.splitlines()[-len(OWN) :] == [f"    {one}" for one in OWN]
    assert f"{TRAIN} rows to train on" in done.err and "temporary" in done.err and "epoch 1/" in done.err
    assert shell.names() == []


def test_as_json(demo, short, monkeypatch):
    monkeypatch.setattr(browser, "somebody_looks", lambda: True)  # a script opens nothing, at a terminal neither
    found = demo("--json").json
    assert (found["command"], found["task"], found["target"], found["seed"]) == ("demo", "classification", "income", 0)
    assert (found["rows"] + found["held_out"], found["test_rows"]) == (TRAIN, TEST)
    assert set(found["scores"]) == {"accuracy", "balanced_accuracy", "log_loss", "roc_auc"}
    shares = np.unique(short.target[short.test], return_counts=True)[1] / TEST
    assert found["most_frequent"] == pytest.approx(shares.max())
    assert found["output"] is None and os.path.exists(found["report"])
    assert found["classes"] == ["<=50K", ">50K"] and found["training"]["epochs"] > 0


def test_a_folder_keeps_model_and_report(demo, shell, short):
    done = demo("-o", "first")
    assert done.code == exits.WELL and "temporary" not in done.err
    assert shell.names() == ["first"] and not list(demo.temporary.iterdir())
    folder = shell.folder / "first"
    assert sorted(os.listdir(folder)) == ["adult.model", "report.html"]
    test = {name: column[short.test] for name, column in short.columns.items()}
    said = Model.load(folder / "adult.model").predict(test)
    accuracy = (said == short.target[short.test]).mean()
    assert f"accuracy                        {accuracy:.6g}\n" in done.out
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    refused = demo("-o", "first")
    assert (refused.code, refused.out) == (exits.USAGE, "") and "is there already" in refused.err
    assert before == {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert demo("-o", "first", "--force").code == exits.WELL
    assert all(path.stat().st_mtime_ns > when for path, when in before.items())


@pytest.mark.parametrize("place", ["no/where", "file.txt"])
def test_a_folder_that_cannot_be(place, demo, shell):
    shell.write("file.txt", "")
    done = demo("-o", place, "--force")
    assert (done.code, done.out) == (exits.USAGE, "")
    assert "epoch" not in done.err and shell.names() == ["file.txt"]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("where", "kept"), [(Progress, True), (Trainer, False)], ids=["after an epoch", "before"])
def test_ctrl_c_ends_with_the_best_so_far(where, kept, demo, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(where, "epoch", interrupt)
    done = demo("--json")
    assert done.code == exits.INTERRUPTED
    if kept:
        assert (done.json["ended"], done.json["training"]["epochs"]) == ("interrupted", 1)
        assert os.path.exists(done.json["report"])
    else:
        assert done.out == "" and "no epoch left a model behind" in done.err
        assert not list(demo.temporary.iterdir())


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("could", [True, False])
def test_the_report_is_opened_where_somebody_looks(asked, could, demo, monkeypatch):
    pages = []
    monkeypatch.setattr(browser, "somebody_looks", lambda: True)
    monkeypatch.setattr(browser, "opened", lambda page: pages.append(page) or could)
    done = demo(*([] if asked else ["--no-open"]))
    assert done.code == exits.WELL
    assert [page.name for page in pages] == ["report.html"] * asked
    assert ("No browser could be opened" in done.err) == (asked and not could)


@pytest.mark.parametrize(
    ("platform", "terminal", "found", "looks"),
    [
        ("linux", True, {"DISPLAY": ":0"}, True),
        ("linux", True, {"WAYLAND_DISPLAY": "wayland-0", "CI": "false"}, True),
        ("linux", True, {}, False),
        ("linux", False, {"DISPLAY": ":0"}, False),
        ("linux", True, {"DISPLAY": ":0", "CI": "true"}, False),
        ("darwin", True, {}, True),
        ("darwin", True, {"SSH_CONNECTION": "a b"}, False),
        ("win32", True, {}, True),
        ("win32", True, {"CI": "1"}, False),
    ],
)
def test_who_looks(platform, terminal, found, looks, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "CI", "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(browser.sys, "platform", platform)
    monkeypatch.setattr(browser.sys, "stdout", type("Out", (), {"isatty": lambda self: terminal})())
    assert browser.somebody_looks() == looks


def _browser(kind):
    """One of a kind of webbrowser's that keeps what it was given."""
    made = kind("name")
    made.pages = []
    made.open = lambda page, *how: made.pages.append(page) or True
    return made


def test_one_that_would_wait_is_not_opened(monkeypatch, tmp_path):
    page = tmp_path / "a page.html"
    for kind, opens in ((webbrowser.BackgroundBrowser, True), (webbrowser.GenericBrowser, False)):
        made = _browser(kind)
        monkeypatch.setattr(webbrowser, "get", lambda made=made: made)
        assert browser.opened(page) == opens
        assert made.pages == [page.as_uri()] * opens

    def none():
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", none)
    assert not browser.opened(page)


@pytest.mark.slow
def test_all_of_it(shell):
    done = shell("demo", "--json", "-o", "all", DISPLAY=":0")
    assert done.code == exits.WELL
    assert done.json["scores"]["accuracy"] > 0.86 and done.json["test_rows"] == 16281
