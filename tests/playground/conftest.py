"""Messages of these tests are done in full, however busy the machine is."""

import pytest


@pytest.fixture(autouse=True)
def in_full(monkeypatch):
    monkeypatch.setattr("chainrule.playground.session.SECONDS", 1e9)
