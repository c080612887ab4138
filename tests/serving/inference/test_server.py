"""`chainrule serve` as processes: how it starts and ends, reloads, and what slow, many and dying ones do to it."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest
from tests.cli.conftest import COMMAND, environment, hears
from tests.serving.inference.cases import objects, rows

ROW = objects(rows(1, seed=2))
BODY = json.dumps(ROW).encode()
#: Seconds that are waited for what has to come; only a failure takes them.
LONG = 120


class Server:
    """A server as a process, ready to be asked."""

    def __init__(self, folder, *arguments, wait=True):
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", *map(str, arguments)],
            cwd=folder, env=environment(TMPDIR=str(folder)), encoding="utf-8", preexec_fn=hears,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.lines, self._thread = [], threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        if wait:
            found = self.said(r"serving .* at http://127\.0\.0\.1:(\d+)/")
            self.port = int(found[1])

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip())

    def said(self, pattern):
        """The first line that it writes like this."""
        end = time.monotonic() + LONG
        while time.monotonic() < end:
            for line in list(self.lines):
                if found := re.search(pattern, line):
                    return found
            assert self.process.poll() is None, self.lines
            time.sleep(0.01)
        raise AssertionError(self.lines)

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG)

    def ask(self, method="POST", path="/predict", body=BODY):
        connection = self.connect()
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        """Its exit code."""
        if self.process.poll() is None:
            self.send(number)
        return self.process.wait(LONG)

    def close(self):
        self.end(signal.SIGKILL)
        self._thread.join(LONG)
        self.process.stderr.close()

    @property
    def workers(self):
        found = subprocess.run(
            ["ps", "-ww", "-o", "pid=", "-o", "args=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        )
        return [int(line.split()[0]) for line in found.stdout.splitlines() if "spawn_main" in line]


@pytest.fixture
def start(folder, tmp_path):
    """A function that starts a server of a copy of a model's file; what is left of it ends with the test."""
    made = []

    def of(*arguments, name="kinds", **more):
        shutil.copy(folder / f"{name}.model", tmp_path / "m.model")
        made.append(Server(tmp_path, "m.model", *arguments, **more))
        return made[-1]

    yield of
    for one in made:
        one.close()


class Load(threading.Thread):
    """A client that asks again and again, on connections that it keeps while it may, until it is refused or told."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.answered, self.lost, self.stop = server, [], [], False
        self.start()

    def run(self):
        connection = None
        while not self.stop:
            if connection is None:
                connection = self.server.connect()
                try:
                    connection.connect()
                except OSError:
                    break
            try:
                connection.request("POST", "/predict", BODY, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                self.answered.append((answer.status, answer.read()))
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                connection.close()
                connection = None
                continue
            if answer.will_close:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()


def loaded(server, clients=8, seconds=0.5):
    found = [Load(server) for _ in range(clients)]
    time.sleep(seconds)
    return found


def stopped(clients):
    for one in clients:
        one.stop = True
    for one in clients:
        one.join(LONG)
        assert not one.is_alive()


def test_it_says_where_it_is_and_ends_when_told(start):
    for number in (signal.SIGTERM, signal.SIGINT):
        server = start()
        assert server.ask()[0] == 200
        assert server.ask("GET", "/v2/health/ready", None)[0] == 200
        assert server.end(number) == 0
        assert len(server.lines) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_no_request_is_lost_where_it_ends_under_load(workers, start):
    server = start("--workers", workers)
    clients = loaded(server)
    server.send(signal.SIGTERM)
    for one in clients:
        one.join(LONG)
        assert not one.is_alive()
    assert server.end() == 0
    assert sum(len(one.answered) for one in clients) > 20
    assert {status for one in clients for status, _ in one.answered} == {200}
    assert [one.lost for one in clients] == [[]] * len(clients)


def test_requests_are_taken_while_it_drains(start):
    server = start("--drain", 1)
    server.send(signal.SIGTERM)
    end = time.monotonic() + LONG
    while server.ask("GET", "/v2/health/ready", None)[0] != 503:
        assert time.monotonic() < end
    assert server.ask()[0] == 200
    assert server.end() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_changed_file_is_read_without_losing_a_request(workers, start, folder, tmp_path):
    server = start("--workers", workers)
    clients = loaded(server, 4)
    (tmp_path / "m.model").write_bytes(b"broken")
    server.send(signal.SIGHUP)
    server.said("m, version 1 stays as it is: m.model")
    shutil.copy(folder / "numbered.model", tmp_path / "new")
    os.replace(tmp_path / "new", tmp_path / "m.model")
    server.send(signal.SIGHUP)
    server.said("m, version 1 is loaded anew")
    end = time.monotonic() + LONG
    while json.loads(server.ask()[1])["rows"][0]["label"] not in (3, 4):
        assert time.monotonic() < end
    stopped(clients)
    assert {status for one in clients for status, _ in one.answered} == {200}
    assert [one.lost for one in clients] == [[]] * len(clients)


def test_a_token_is_read_anew(start, tmp_path):
    (tmp_path / "token").write_text("first")
    server = start("--token-file", "token")
    assert server.ask()[0] == 401
    (tmp_path / "token").write_text("")
    server.send(signal.SIGHUP)
    server.said("the token stays")
    assert server.ask()[0] == 401


def test_a_killed_worker_is_replaced_and_others_go_on(start):
    server = start("--workers", 2)
    first = server.workers
    assert len(first) == 2
    clients = loaded(server, 4)
    os.kill(first[0], signal.SIGKILL)
    server.said(f"worker {first[0]} has ended")
    end = time.monotonic() + LONG
    while len(set(server.workers) - {first[0]}) < 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert server.ask()[0] == 200
    stopped(clients)
    assert {status for one in clients for status, _ in one.answered} == {200}
    assert sum(len(one.lost) for one in clients) <= len(clients)  # what the killed one had in hand
    assert server.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_request_is_lost_where_all_processes_are_told_at_once(number, start):
    """As Ctrl-C in a terminal does, and systemd."""
    server = start("--workers", 2)
    clients = loaded(server)
    for process in (*server.workers, server.process.pid):
        os.kill(process, number)
    server.send(signal.SIGTERM)
    for one in clients:
        one.join(LONG)
        assert not one.is_alive()
    assert server.end() == 0
    assert {status for one in clients for status, _ in one.answered} == {200}
    assert [one.lost for one in clients] == [[]] * len(clients)


def test_a_worker_that_is_told_to_end_leaves_the_door_open(start):
    server = start("--workers", 2)
    first = server.workers[0]
    os.kill(first, signal.SIGTERM)
    server.said(f"worker {first} has ended")
    for _ in range(20):
        assert server.ask()[0] == 200
    assert server.end() == 0


def test_all_workers_serve_one_model_whatever_becomes_of_its_file(start, folder, tmp_path):
    server = start("--workers", 2)
    before = server.ask()[1]
    for broken in (b"no model", (folder / "numbered.model").read_bytes()):
        (tmp_path / "m.model").write_bytes(broken)
        known = server.workers
        os.kill(known[0], signal.SIGKILL)
        server.said(f"worker {known[0]} has ended")
        end = time.monotonic() + LONG
        while len(set(server.workers) - {known[0]}) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert {server.ask() for _ in range(40)} == {(200, before)}  # nor is one asked that cannot answer yet


def test_a_worker_that_ends_again_and_again_is_started_more_rarely(start):
    server = start("--workers", 2)
    for pause in ("0.5", "1.0"):
        end = time.monotonic() + LONG
        while not server.workers or time.monotonic() > end:
            time.sleep(0.05)
        for process in server.workers:
            os.kill(process, signal.SIGKILL)
        server.said(f"another is started in {pause} s")


def test_workers_end_with_their_parent(start):
    server = start("--workers", 2)
    workers = server.workers
    server.process.kill()
    server.process.wait(LONG)
    end = time.monotonic() + LONG
    while any(os.path.exists(f"/proc/{one}") and "Z" not in _state(one) for one in workers):
        assert time.monotonic() < end
        time.sleep(0.05)


def _state(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_a_thousand_slow_clients_hold_up_nobody(start):
    server = start("--max-reading", 3)
    slow = []
    beginnings = (b"", b"POST /predict HTTP/1.1\r\nHost: localh", b"POST /predict HTTP/1.1\r\nHost: localhost\r\n"
                  b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n[")  # fmt: skip
    try:
        for k in range(1000):
            one = socket.create_connection(("127.0.0.1", server.port), timeout=LONG)
            one.sendall(beginnings[k % 3])
            slow.append(one)
        started = time.monotonic()
        for _ in range(50):
            assert server.ask()[0] == 200
        assert time.monotonic() - started < 30
        answers = [one.recv(1000) for one in slow]  # all are let go
        assert {answer[:12] for answer in answers} <= {b"", b"HTTP/1.1 408"}
        assert sum(answer != b"" for answer in answers) >= 300
        assert server.ask()[0] == 200
    finally:
        for one in slow:
            one.close()


def test_who_trickles_a_header_behind_an_answer_is_let_go(start):
    server = start("--max-reading", 1)
    with socket.create_connection(("127.0.0.1", server.port), timeout=LONG) as one:
        head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}\r\n".encode()
        one.sendall(head + b"Content-Type: application/json\r\n\r\n" + BODY)
        answer = b""
        while b"}]}" not in answer:
            answer += one.recv(1000)
        assert answer.startswith(b"HTTP/1.1 200")
        one.sendall(b"POST /pre")
        assert one.recv(1000) == b""


def test_who_does_not_take_an_answer_holds_up_no_end(start):
    server = start("--max-reading", 1, "--max-body", 50_000_000, "--max-rows", 100_000)
    with socket.create_connection(("127.0.0.1", server.port), timeout=LONG) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        body = json.dumps(ROW * 60_000).encode()
        one.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        one.sendall(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        end = time.monotonic() + LONG
        while b'requests_total{route="predict"' not in server.ask("GET", "/metrics", None)[1]:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert server.ask()[0] == 200
        started = time.monotonic()
        assert server.end() == 0
        assert time.monotonic() - started < 20  # of 30 that open requests are given


def broken_off(one, part):
    """Whether a connection ends while parts are sent on it, up to a hundred megabytes."""
    try:
        for _ in range(100_000_000 // len(part)):
            one.sendall(part)
    except OSError:  # reset, or a broken pipe
        return True
    return False


def test_a_head_without_an_end_is_broken_off(start):
    server = start()
    line = b"X-More: " + b"a" * 1000 + b"\r\n"
    for beginning in (b"GET /v2 HTTP/1.1\r\n", b"POST /predict HTTP/1.1\r\nHost: localhost\r\n"
                      b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"):  # fmt: skip
        with socket.create_connection(("127.0.0.1", server.port), timeout=LONG) as one:
            one.sendall(beginning)
            assert broken_off(one, line)
    with socket.create_connection(("127.0.0.1", server.port), timeout=LONG) as one:
        one.sendall(b"GET /v2 HTTP/1.1\r\nX-More: ")
        assert broken_off(one, b"a" * 100_000)
    assert server.ask()[0] == 200


def test_large_bodies_are_answered_however_they_arrive(start):
    server = start("--max-rows", 100_000)
    for count in (1_000, 3_000, 10_000):  # beyond the bound of a head, in one piece and in several
        body = json.dumps(ROW * count).encode()
        head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", server.port), timeout=LONG) as one:
                one.sendall(head.encode() + body)
                assert one.recv(12) == b"HTTP/1.1 200"


def test_memory_stays_as_it_is_under_load(start):
    server = start()

    def kilobytes():
        with open(f"/proc/{server.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    stopped(loaded(server, 4, 3))
    before = kilobytes()
    stopped(loaded(server, 4, 8))
    assert kilobytes() - before < 4_000


@pytest.mark.parametrize("workers", [1, 2])
def test_a_model_that_cannot_be_read_ends_it(workers, start, tmp_path):
    (tmp_path / "broken").write_bytes(b"no model")
    server = start("broken=broken", "--workers", workers, wait=False)
    assert server.process.wait(LONG) == 4
    server._thread.join(LONG)
    assert "broken: expected" in server.lines[-1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none.model"], 4, "none.model"),
        (["m=m.model"], 2, "more than once"),
        (["a b=m.model"], 2, "letters, digits"),
        (["--token-file", "none"], 2, "--token-file"),
        (["--max-rows", "0"], 2, "--max-rows"),
        (["--host", "256.0.0.1"], 2, "--host"),
        (["--max-seconds", "0"], 2, "--max-seconds"),
    ],
)  # fmt: skip
def test_what_it_cannot_be_started_with(arguments, code, said, start):
    server = start(*arguments, wait=False)
    assert server.process.wait(LONG) == code
    server._thread.join(LONG)
    assert said in server.lines[-1]


def test_a_port_that_is_taken(start, tmp_path):
    first = start()
    second = Server(tmp_path, "m.model", "--port", first.port, wait=False)
    assert second.process.wait(LONG) == 2
    second.close()
    assert "Choose others" in second.lines[-1]


def test_a_server_that_others_may_reach_is_warned_of(start):
    server = start("--host", "0.0.0.0", wait=False)
    server.said("--allow-host NAME")
    server.said("--token-file")
    server.said("serving m")


def test_a_line_for_each_request_without_its_rows(start):
    server = start("--log-requests")
    server.ask()
    server.said('"POST /predict HTTP/1.1" 200')
    assert not any(str(ROW[0]["size"]) in line or ROW[0]["day"] in line for line in server.lines)
