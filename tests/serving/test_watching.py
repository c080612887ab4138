"""A training watched over a real port: what is sent, in which order, to whom; and that who watches does no harm."""

import asyncio
import http.client
import json
import socket
import time

import numpy as np
import pytest

from chainrule import MLPClassifier
from chainrule.errors import InputError, MissingExtraError
from chainrule.plots.report import live
from chainrule.plots.report.course import Course
from chainrule.serving import watching as module
from chainrule.serving.loopback import Loopback, OwnHostOnly
from chainrule.serving.watching import Painter, Watching
from chainrule.training.callbacks import Outlook
from chainrule.training.records import Record

pytestmark = pytest.mark.usefixtures("numpy_kernels")

OUTLOOK = Outlook("MLPClassifier", 9, 0, 100, 10, 50, 1000)
#: Seconds that a test waits for what has to come; only a failure takes them.
LONG = 300


def painter():
    return Painter(
        state=lambda outlook, records, probes: live.state(outlook, Course(records, probes)),
        page=lambda state: live.live_page("a < b", state),
    )


@pytest.fixture
def watching(monkeypatch):
    """Looked at and drawn without rests."""
    monkeypatch.setattr(module, "APART", 0.001)
    monkeypatch.setattr(module, "SHARE", 1.0)
    return Watching(painter())


@pytest.fixture
def server(watching):
    with Loopback(watching.app()) as found:
        yield found
        if not watching.over:
            watching.finish()


@pytest.fixture(scope="module")
def resting():
    """A server of a training that does not move."""
    with Loopback(Watching(painter()).app()) as found:
        yield found


@pytest.fixture
def get():
    """A function that gives a response, its body still to be read; its connection is closed at the end."""
    made = []

    def ask(server, path="/", host=None, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LONG)
        made.append(connection)
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"Host": host or f"localhost:{server.port}", **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        made.append(response)
        return response

    yield ask
    for one in made:
        one.close()


def events(response):
    """(kind, id, content) of the events, as they come."""
    block = []
    for raw in response:
        line = raw.decode().rstrip("\n")
        if line:
            block.append(line)
        elif block[0].startswith("event: "):
            kind, version, data = (text.partition(": ")[2] for text in block)
            yield kind, int(version), json.loads(data)
            block = []
        else:
            block = []


def record(epoch):
    return Record(epoch, 1 / epoch, 0.01, 0.1)


def test_the_page(get, resting):
    response = get(resting)
    page = response.read().decode()
    assert response.status == 200
    assert page.startswith("<!DOCTYPE html>")
    assert "<h1>a &lt; b</h1>" in page
    assert 'data-events="/events"' in page
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


def test_it_listens_on_this_machine_alone(resting):
    assert resting._socket.getsockname() == ("127.0.0.1", resting.port)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_its_own_names(get, resting, name):
    assert get(resting, host=f"{name}:{resting.port}").status == 200


@pytest.mark.parametrize("path", ["/", "/events", "/none"])
@pytest.mark.parametrize(
    "host", ["evil.example:{}", "localhost", "localhost:1", "127.0.0.1", "localhost.evil.example:{}", "localhost:{}."]
)
def test_another_name_is_refused(get, resting, path, host):
    response = get(resting, path, host=host.format(resting.port))
    assert response.status == 421
    assert "event" not in response.read().decode()


def test_two_hosts_are_refused(resting):
    with socket.create_connection(("127.0.0.1", resting.port), timeout=LONG) as plain:
        own = f"Host: localhost:{resting.port}\r\n"
        plain.sendall(f"GET / HTTP/1.1\r\n{own}Host: evil.example\r\n\r\n".encode())
        assert plain.recv(100).split()[1] in (b"400", b"421")


@pytest.mark.parametrize(
    ("hosts", "status"), [([], 421), (["a:1"], 200), (["b:1"], 421), (["a:1", "a:1"], 421)], ids=str
)
def test_one_host_and_its_own_reaches_the_app(hosts, status):
    """Whatever the server in front lets through."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        seen.append(message)

    seen, scope = [], {"type": "http", "method": "GET", "headers": [(b"host", host.encode()) for host in hosts]}
    asyncio.run(OwnHostOnly(app, ["a:1"])(scope, None, send))
    assert seen[0]["status"] == status


@pytest.mark.parametrize("path", ["/", "/events"])
def test_no_other_page_may_read_it(get, resting, path):
    response = get(resting, path, Origin="http://evil.example")
    assert response.status == 200
    assert not [name for name in response.headers if name.lower().startswith("access-control")]
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/none", "GET", 404), ("/", "POST", 405), ("/events", "OPTIONS", 405)]
)
def test_what_there_is_not(get, resting, path, method, status):
    assert get(resting, path, method=method).status == status


def test_events_come_in_order_and_end(get, server, watching):
    stream = events(get(server, "/events"))
    kind, version, content = next(stream)
    assert (kind, version, content["done"]) == ("state", 0, 0)
    watching.begin(OUTLOOK)
    assert next(stream)[1:2] == (1,)
    for epoch in range(1, 10):
        watching.epoch(record(epoch))
        kind, version, content = next(stream)
        assert (kind, version, content["done"], content["epochs"]) == ("state", epoch + 1, epoch, 9)
        assert "<svg" in content["sections"]["learning"]
    watching.end("all epochs trained")
    watching.finish("<html>")
    state, *rest = stream
    assert state[:2] == ("state", 11)
    assert rest == [("end", 11, {"said": "Training has ended: all epochs trained.", "report": "<html>"})]


def test_one_that_comes_late_is_told_all(get, server, watching):
    watching.begin(OUTLOOK)
    for epoch in range(1, 6):
        watching.epoch(record(epoch))
    stream = events(get(server, "/events"))
    assert next(stream)[2]["done"] == 5
    watching.epoch(record(6))
    watching.end("stopped")
    watching.finish()
    *states, last = stream
    assert {kind for kind, _, _ in states} == {"state"}
    assert states[-1][2]["done"] == 6
    assert (last[0], last[2]["report"]) == ("end", None)
    assert [kind for kind, _, _ in events(get(server, "/events"))] == ["state", "end"]
    assert watching.probes is None


def test_all_who_watch_see_the_same_and_it_is_drawn_once(get, server, watching):
    drawn = []

    def counted(outlook, records, probes):
        drawn.append(len(records))
        return live.state(outlook, Course(records, probes))

    watching.painter = Painter(counted, painter().page)
    watching.begin(OUTLOOK)
    streams = [events(get(server, "/events")) for _ in range(4)]
    assert len({json.dumps(next(stream)) for stream in streams}) == 1
    assert drawn == [0]


def test_drawing_keeps_within_its_share(get, server, watching, monkeypatch):
    drawn = []

    def slow(outlook, records, probes):
        drawn.append(len(records))
        time.sleep(0.01)
        return live.state(outlook, Course(records))

    monkeypatch.setattr(module, "SHARE", 1e-6)
    watching.painter = Painter(slow, painter().page)
    watching.begin(OUTLOOK)
    streams = [events(get(server, "/events")) for _ in range(3)]
    for stream in streams:
        assert next(stream)[2]["done"] == 0
    watching.epoch(record(1))
    watching.epoch(record(2))
    watching.finish()
    for stream in streams:  # the next one would have come after hours; the last state is drawn all the same
        assert [content.get("done") for _, _, content in stream] == [2, None]
    assert drawn == [0, 2]


class Clock:
    """A time that goes on only where something is drawn or waited for."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    monkeypatch.setattr(module, "asyncio", made)
    return made


def followed(watching, clock, seconds, meanwhile=lambda: None):
    """Events of one that watches for so long, each with when it came."""

    async def follow():
        came = []
        async for event in watching._stream():
            came.append((clock.now, event))
            meanwhile()
            if clock.now >= seconds and not watching.over:
                watching.finish()
        return came

    return asyncio.run(follow())


def test_drawing_takes_a_small_share_of_the_time(clock):
    drawn = []

    def slow(outlook, records, probes):
        clock.now += 1
        drawn.append(len(records))
        return {}

    watching = Watching(Painter(slow, painter().page))
    watching.begin(OUTLOOK)
    followed(watching, clock, 1000, lambda: watching.epoch(record(len(watching.records) + 1)))
    assert 0.5 * module.SHARE < len(drawn) / clock.now < 1.2 * module.SHARE


def test_in_silence_a_word_is_sent_now_and_then(clock):
    (first, state), *words, end = followed(Watching(painter()), clock, 60)
    assert (first, state.split("\n")[0], end[1].split("\n")[0]) == (0, "event: state", "event: end")
    assert {word for _, word in words} == {": still training\n\n"}
    apart = np.diff([first, *(when for when, _ in words)])
    assert len(words) >= 5
    assert apart.min() >= module.SILENCE and apart.max() <= module.SILENCE + 2 * module.APART


def test_nothing_is_drawn_while_nobody_watches(server, watching):
    watching.painter = Painter(lambda *_: pytest.fail("drawn"), painter().page)
    watching.begin(OUTLOOK)
    for epoch in range(1, 1000):
        watching.epoch(record(epoch))


def test_one_that_leaves_and_one_that_does_not_read_do_no_harm(get, server, watching):
    watching.begin(OUTLOOK)
    gone = get(server, "/events")
    assert next(events(gone))[0] == "state"
    gone.close()
    deaf = socket.create_connection(("127.0.0.1", server.port), timeout=LONG)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.sendall(f"GET /events HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n".encode())
    stream = events(get(server, "/events"))
    seen = []
    for epoch in range(1, 200):
        watching.epoch(record(epoch))
        while not seen or seen[-1] < epoch:
            seen.append(next(stream)[2]["done"])
    assert seen == sorted(seen)
    deaf.close()


def test_the_server_ends_where_it_is_left(get, watching, begun):
    with Loopback(watching.app()) as server:
        assert get(server, "/events").status == 200  # and still open
        assert len(begun()) == 1
    assert not begun()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=LONG)


def test_a_port_that_is_taken(get, watching, server):
    with pytest.raises(InputError, match=f"a free port; received {server.port}"):
        Loopback(watching.app(), server.port)
    other = Loopback(watching.app())
    with other:
        assert get(other).status == 200


def test_without_the_extra(watching, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'chainrule\[watch\]'"):
        Loopback(watching.app())


def test_probes_are_asked_for_while_somebody_watches(get, server, watching):
    asked = []
    watching.probing(lambda: asked.append(len(watching.records)))
    watching.begin(OUTLOOK)
    watching.epoch(record(1))
    assert asked == []
    stream = events(get(server, "/events"))
    next(stream)
    watching.epoch(record(2))
    assert asked == [1]
    watching.end("stopped")
    assert asked == [1, 2]


def test_a_fit_is_the_same_watched(get, server, watching):
    X = [[float(k % 7), float(k % 3)] for k in range(60)]
    y = [k % 2 for k in range(60)]
    quick = {"hidden_layer_sizes": (4, 4), "max_iter": 30, "random_state": 0, "tol": 1.0}
    stream = events(get(server, "/events"))
    next(stream)
    watched = MLPClassifier(**quick, callbacks=[watching]).fit(X, y)
    alone = MLPClassifier(**quick).fit(X, y)
    assert watched.loss_curve_ == alone.loss_curve_
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline and next(stream)[2]["done"] < len(watched.history_):
        pass
    assert watching.records == watched.history_
    assert watching.reason == "converged"
    assert watching.probes.layers == alone.probes_.layers
    assert np.array_equal(watching.probes.values, alone.probes_.values, equal_nan=True)
