"""Bugs in the page that follows a training."""

from bug import Bug

BUGS = [
    Bug(
        "serving/loopback.py",
        "if len(said) != 1 or said[0]",
        "if not said or said[0]",
        "tests/serving/test_watching.py",
        "two Host headers in one request are let through where the first is right",
    ),
    Bug(
        "serving/loopback.py",
        "self._socket.bind((HOST, port))",
        'self._socket.bind(("", port))',
        "tests/serving/test_watching.py",
        "the page is served to the whole network, not to this machine alone",
    ),
    Bug(
        "serving/watching.py",
        "if seen != self._version:",
        "if seen != self._newest():",
        "tests/serving/test_watching.py",
        "the last epochs are never shown where the end comes while drawing rests",
    ),
    Bug(
        "serving/watching.py",
        "done + (done - started) / SHARE",
        "done + (done - started) * SHARE",
        "tests/serving/test_watching.py",
        "drawing takes nearly all of the time",
    ),
    Bug(
        "serving/watching.py",
        "                told = now\n",
        "",
        "tests/serving/test_watching.py",
        "after ten seconds of silence a word is sent at every look",
    ),
]
