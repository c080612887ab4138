"""The playground's server: its page, its messages, and whom it refuses."""

import http.client
import json
import re
import threading
from contextlib import closing

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from chainrule.playground import server as module
from chainrule.playground.server import Playground
from chainrule.playground.session import DO
from chainrule.serving.loopback import Loopback


@pytest.fixture(scope="module")
def port():
    with Loopback(Playground().app()) as served:
        yield served.port


def ask(port, method, path, body=None, **headers):
    said = {"Host": f"localhost:{port}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as line:
        line.request(method, path, body, said)
        found = line.getresponse()
        return found.status, dict(found.getheaders()), found.read().decode()


def session(port):
    _, _, page = ask(port, "GET", "/")
    return re.search(r'data-session="([^"]+)"', page)[1]


def test_the_page_and_its_files(port):
    status, headers, page = ask(port, "GET", "/")
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    named = re.findall(r'(?:src|href)="([\w/.-]+\.(?:js|css))"', page)
    assert named
    for name in named:
        status, headers, _ = ask(port, "GET", f"/{name}")
        assert (status, headers["x-content-type-options"]) == (200, "nosniff")


@pytest.mark.parametrize(
    "path",
    ["/../session.py", "/%2e%2e/session.py", "/..%2fsession.py", "/session.py", "/none.js", "//etc/passwd", "/a%00.js"],
)
def test_no_other_file(port, path):
    assert ask(port, "GET", path)[0] in (400, 404)


def test_messages_of_a_session(port):
    mine, other = session(port), session(port)
    said = {"Content_Type": "application/json"}
    status, _, body = ask(
        port, "POST", "/message", json.dumps({"do": "begin", "settings": {"rows": 50}}), X_Session=mine, **said
    )
    assert status == 200
    assert json.loads(body)["A"]["steps"] == 0
    body = ask(port, "POST", "/message", json.dumps({"do": "train", "epochs": 1}), X_Session=other, **said)[2]
    assert "begin" in json.loads(body)["error"]
    body = ask(port, "POST", "/message", "{", X_Session=mine, **said)[2]
    assert "expected JSON" in json.loads(body)["error"]
    assert json.loads(ask(port, "POST", "/message", "[" * 10**6, X_Session=mine, **said)[2])["error"]


def test_who_is_refused(port, monkeypatch):
    mine = session(port)
    said = {"Content_Type": "application/json"}
    assert ask(port, "POST", "/message", "{}", **said)[0] == 403
    assert ask(port, "POST", "/message", "{}", X_Session="x" * 24, **said)[0] == 403
    assert ask(port, "POST", "/message", "{}", X_Session=mine, Content_Type="text/plain")[0] == 415
    assert ask(port, "GET", "/", Host="evil.example")[0] == 421
    assert ask(port, "POST", "/message", "{}", X_Session=mine, Host="evil.example", **said)[0] == 421
    assert "access-control-allow-origin" not in {n.lower() for n in ask(port, "OPTIONS", "/message")[1]}
    monkeypatch.setattr(module, "LARGEST", 1000)
    assert ask(port, "POST", "/message", " " * 2000, X_Session=mine, **said)[0] == 413


def test_the_oldest_page_is_forgotten(port):
    said = {"Content_Type": "application/json"}
    mine = session(port)
    assert ask(port, "POST", "/message", "{}", X_Session=mine, **said)[0] == 200
    for _ in range(3 * module.PAGES):
        session(port)  # of which nothing is asked: any page may do that
    assert ask(port, "POST", "/message", "{}", X_Session=mine, **said)[0] == 200
    for _ in range(module.PAGES):
        ask(port, "POST", "/message", "{}", X_Session=session(port), **said)
    status, _, body = ask(port, "POST", "/message", "{}", X_Session=mine, **said)
    assert status == 403
    assert "load the page anew" in body


def test_a_page_that_is_busy_holds_up_no_other(port, monkeypatch):
    busy, other = session(port), session(port)
    said = {"Content_Type": "application/json"}
    begun, let_go = threading.Event(), threading.Event()

    def long(self, message):
        begun.set()
        let_go.wait(60)
        return {}

    monkeypatch.setitem(DO, "hello", long)
    waiting = threading.Thread(
        target=ask, args=(port, "POST", "/message", '{"do": "hello"}'), kwargs={"X_Session": busy, **said}
    )
    waiting.start()
    assert begun.wait(60)
    try:
        for _ in range(50):
            assert "last message" in ask(port, "POST", "/message", "{}", X_Session=busy, **said)[2]
        assert ask(port, "POST", "/message", '{"do": "alone"}', X_Session=other, **said)[0] == 200
    finally:
        let_go.set()
        waiting.join()
