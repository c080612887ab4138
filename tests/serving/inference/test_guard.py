"""Who may ask, how much is read, and what is told of what goes wrong."""

import gzip
import logging
import zlib

import pytest
from tests.serving.inference.cases import objects, rows

from chainrule.errors import InputError
from chainrule.serving.inference.guard import unpacked
from chainrule.serving.inference.limits import Limits
from chainrule.serving.inference.problems import Problem
from chainrule.serving.inference.settings import Settings

ROWS = objects(rows(3))


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "LOCALHOST:1", "[::1]:8000"])
def test_its_own_names(host, client):
    assert client("kinds", hosts=("localhost", "[::1]")).get("/v2", host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "local host", "localhost:8000:1", None])
def test_other_names_are_refused(host, client):
    found = client("kinds").get("/v2", host=host)
    assert (found.status, "--allow-host" in found.json["error"]) == (421, True)


def test_any_name_where_that_is_said(client):
    assert client("kinds", hosts=("*",)).get("/v2", host="evil.example").status == 200


def test_pages_of_other_servers_are_refused_and_nobody_is_let_in_across(client):
    ask = client("kinds")
    assert ask.post("/predict", ROWS, origin="http://localhost:8000").status == 200
    found = ask.post("/predict", ROWS, origin="https://evil.example")
    assert found.status == 403
    assert ask.post("/predict", ROWS, origin="null").status == 403
    assert not any(name.startswith("access-control") for name in found.headers)
    assert ask.run(ask.ask("OPTIONS", "/predict"))[0].status == 405


@pytest.mark.parametrize("path", ["/v2", "/metrics", "/openapi.json", "/v2/models/kinds", "/nowhere"])
@pytest.mark.parametrize("bears", [None, "Bearer other", "Basic secret", "secret", "Bearer", "Bearer secret2"])
def test_without_the_token_nothing_is_told(path, bears, client):
    found = client("kinds", token=b"secret").get(path, **({} if bears is None else {"authorization": bears}))
    assert (found.status, found.headers["www-authenticate"]) == (401, "Bearer")
    assert "secret" not in found.json["error"]


def test_with_the_token_all_is_told_and_probes_need_none(client):
    ask = client("kinds", token=b"secret")
    assert ask.get("/v2", authorization="bearer secret").status == 200
    assert ask.post("/predict", ROWS, authorization="Bearer secret").status == 200
    for path in ("/v2/health/live", "/v2/health/ready", "/", "/ping"):
        assert ask.get(path).status == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [("application/json", 200), ("application/json; charset=UTF-8", 200),
     ("application/json; charset=utf-8; q=1", 200), ("text/plain", 415), ("", 415),
     ("application/json; charset=latin-1", 415), ("application/x-www-form-urlencoded", 415),
     ("application/octet-stream", 415), ("application/x-pickle", 415)],
)  # fmt: skip
def test_media_types(kind, status, client):
    ask = client("kinds")
    assert ask.post("/predict", ROWS, kind).status == status
    assert ask.post("/v2/models/kinds/infer", ROWS, kind).status == (400 if status == 200 else 415)


def test_a_body_without_a_media_type_is_json(client):
    ask = client("kinds")
    assert ask.run(ask.ask("POST", "/predict", [b"{"]))[0].status == 400


def test_packed_bodies(client):
    ask, text = client("kinds", limits=Limits(body=10_000)), b'[{"size": 1}]'
    for packing, packed in (("gzip", gzip.compress(text)), ("deflate", zlib.compress(text))):
        assert ask.post("/predict", packed, content_encoding=packing).json["column"] == "color"
    two = gzip.compress(b'[{"size": 1},') + gzip.compress(b'{"size": 2}]')
    assert ask.post("/predict", two, content_encoding="gzip").json["row"] == 0
    assert ask.post("/predict", gzip.compress(text) + b"more", content_encoding="gzip").status == 400
    assert ask.post("/predict", gzip.compress(b" " * 20_000), content_encoding="gzip").status == 413
    assert ask.post("/predict", gzip.compress(text)[:-3], content_encoding="gzip").status == 400
    assert ask.post("/predict", b"[]", content_encoding="gzip").status == 400
    assert ask.post("/predict", b"[]", content_encoding="br").status == 415
    with pytest.raises(Problem):
        unpacked(gzip.compress(bytes(10**6)), "gzip", 100)


def test_bodies_that_are_too_large_are_not_read(client):
    ask = client("kinds", limits=Limits(body=100))
    assert ask.run(ask.ask("POST", "/predict", [None], {"content-length": "101"}))[0].status == 413
    assert ask.run(ask.ask("POST", "/predict", [b"x" * 60, b"x" * 60, None]))[0].status == 413
    assert ask.application.bodies.held == 0


def test_bodies_that_do_not_come_in(client):
    ask = client("kinds", limits=Limits(reading=0.05))
    found = ask.run(ask.ask("POST", "/predict", [b"[", None]))[0]
    assert (found.status, found.headers["connection"]) == (408, "close")
    assert ask.application.bodies.held == 0


def test_all_bodies_together_are_held_up_to_a_limit(client):
    ask = client("kinds", limits=Limits(held=150, reading=0.2))
    one, other = ask.run(*(ask.ask("POST", "/predict", [b" " * 100, None]) for _ in range(2)))
    assert sorted([one.status, other.status]) == [408, 503]
    assert ask.application.bodies.held == 0


def test_a_defect_is_told_and_logged_without_rows(client, monkeypatch, caplog):
    ask = client("kinds")
    served = ask.repository.get("kinds")

    def broken(taken, asked=None):
        raise RuntimeError("with the cell zyzzyva")

    monkeypatch.setattr(served, "answer", broken)
    monkeypatch.setattr(logging.getLogger("chainrule.serving"), "propagate", True)
    found = ask.post("/predict", ROWS)
    assert (found.status, found.json["error"].partition(":")[0]) == (500, "RuntimeError")
    assert "zyzzyva" not in found.json["error"]
    assert "zyzzyva" not in caplog.text.replace('raise RuntimeError("with the cell zyzzyva")', "")
    assert "in broken" in caplog.text


def test_answers_are_not_guessed_at_and_end_connections_at_the_end(client):
    ask = client("kinds")
    found = ask.get("/v2")
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "connection" not in found.headers
    ask.application.draining = True
    assert ask.get("/v2").headers["connection"] == "close"
    assert ask.get("/v2/health/ready").status == 503
    assert ask.get("/v2/health/live").status == 200
    assert ask.post("/predict", ROWS).status == 200


def test_the_page(client):
    ask = client("kinds", token=b"secret")
    found = ask.get("/")
    page = found.body.decode()
    assert found.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in found.headers["content-security-policy"]
    assert "/*" not in page.partition("<style>")[2][:20]
    assert "kinds" not in page
    assert ask.get("/favicon.ico", authorization="Bearer secret").status == 204


def test_hosts_and_tokens_of_settings(tmp_path):
    settings = Settings((), host="10.0.0.5", allowed=("models.example",))
    assert settings.hosts == ("localhost", "127.0.0.1", "[::1]", "10.0.0.5", "models.example")
    assert Settings((), host="0.0.0.0").hosts == ("localhost", "127.0.0.1", "[::1]")
    assert Settings((), host="fe80::1").hosts[-1] == "[fe80::1]"
    assert Settings(()).token() is None
    (tmp_path / "token").write_text(" secret\n")
    assert Settings((), token_file=tmp_path / "token").token() == b"secret"
    for text in ("", "  \n", "two words"):
        (tmp_path / "token").write_text(text)
        with pytest.raises(InputError, match="one word"):
            Settings((), token_file=tmp_path / "token").token()
    with pytest.raises(InputError, match="No such file"):
        Settings((), token_file=tmp_path / "none").token()
