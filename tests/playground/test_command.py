"""`chainrule playground` as a person starts and ends it."""

import http.client
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

pytest.importorskip("starlette")


@contextmanager
def started(*given):
    command = [sys.executable, "-m", "chainrule", "playground", "--no-open", *map(str, given)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


@pytest.mark.skipif(os.name == "nt", reason="SIGINT is of POSIX")
def test_it_serves_until_it_is_interrupted(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b,y\n" + "".join(f"{k},{k * k % 7},{'yes' if k % 3 else 'no'}\n" for k in range(60)))
    with started(path) as running:
        port = int(re.search(r"http://localhost:(\d+)/", running.stderr.readline())[1])
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        line.request("GET", "/", headers={"Host": f"localhost:{port}"})
        page = line.getresponse().read().decode()
        token = re.search(r'data-session="([^"]+)"', page)[1]
        said = {"Host": f"localhost:{port}", "X-Session": token, "Content-Type": "application/json"}
        line.request("POST", "/message", '{"do": "hello"}', said)
        assert '"target": "y"' in line.getresponse().read().decode()
        line.close()
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
        assert running.returncode == 0
        assert "has ended" in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["none.csv"], "none.csv"),
        (["--static", "site"], "--pyodide"),
        (["--static", "site", "--pyodide", "nowhere"], "pyodide.mjs"),
        (["--port", "99999"], "99999"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told(given, told, tmp_path):
    command = [sys.executable, "-m", "chainrule", "playground", "--no-open", *given]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 2 or done.returncode == 3, done
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "site").exists()
