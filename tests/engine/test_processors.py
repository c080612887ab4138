"""Processors and BLAS threads where a system does not tell."""

import os

import pytest

from chainrule.engine import blas, processors, threads


@pytest.mark.parametrize(
    ("told", "found"),
    [("150000 100000\n", [1]), ("400000 100000\n", [4]), ("max 100000\n", []), ("", []), ("1 0\n", []), (None, [])],
)
def test_a_containers_share(told, found, tmp_path):
    if told is not None:
        (tmp_path / "cpu.max").write_text(told)
    assert list(processors._of_container(tmp_path)) == found


@pytest.mark.parametrize("refusal", [OSError, AttributeError])
def test_a_system_that_tells_nothing_has_one_processor(refusal, monkeypatch, tmp_path):
    def mask(pid):
        raise refusal

    monkeypatch.setattr(os, "sched_getaffinity", mask, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    monkeypatch.setattr(processors, "CGROUP", tmp_path)
    assert processors.available() == 1


def test_less_than_one_processor_is_one(monkeypatch, tmp_path):
    (tmp_path / "cpu.max").write_text("50000 100000")
    monkeypatch.setattr(processors, "CGROUP", tmp_path)
    assert processors.available() == 1


def test_a_blas_that_nobody_knows_is_left_to_itself(monkeypatch):
    monkeypatch.setattr(blas, "_libraries", list)
    monkeypatch.setattr(threads.processors, "available", lambda: 3)
    assert blas.counts() == []
    with threads.limited(2):
        assert threads.resolve(None) == 3
