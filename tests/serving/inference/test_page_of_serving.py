"""docs/serving.md: its commands are run in their order in an empty folder, and say what the page says they do."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import environment

ROOT = Path(__file__).parent.parent.parent.parent
PAGE = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
#: Printed between the outputs of two blocks.
MARK = "-- end of a block --"


def blocks():
    """The page's commands, and what each has to say."""
    found = []
    for kind, text in re.findall(r"^```(sh|text)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        if kind == "sh":
            found.append((text, []))
        else:
            found[-1][1].extend(text.splitlines())
    return found


def end(session):
    """Whatever processes of a session are left: jobs of a shell have groups of their own."""
    asked = ["ps", "-o", "pid=", "-s", str(session)]
    for line in subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(line), signal.SIGKILL)


def test_the_page_is_followed(tmp_path):
    if shutil.which("nginx") is None and os.environ.get("CHAINRULE_SERVING") != "required":
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    wanted = blocks()
    assert len(wanted) > 10
    told = f'echo "{MARK}"\n'
    script = "set -euo pipefail -m\n" + told.join(text for text, _ in wanted) + told
    folders = os.pathsep.join([str(Path(sys.executable).parent), "/usr/sbin", os.environ["PATH"]])
    out, err = tmp_path.parent / "out", tmp_path.parent / "err"
    with out.open("w") as told_to, err.open("w") as warned_to:
        running = subprocess.Popen(
            ["bash", "-c", script], cwd=tmp_path, env=environment(PATH=folders), stdin=subprocess.DEVNULL,
            stdout=told_to, stderr=warned_to, start_new_session=True,
        )  # fmt: skip
        try:
            code = running.wait(240)
        finally:
            end(running.pid)
    said = out.read_text(encoding="utf-8")
    assert code == 0, (said[-3000:], err.read_text(encoding="utf-8")[-3000:])
    for (text, lines), block in zip(wanted, said.split(MARK), strict=False):
        for line in lines:
            assert line in block, (text, line, block)


def test_every_option_and_status_of_the_page_is_there():
    command = [sys.executable, "-m", "chainrule", "serve", "--help"]
    found = subprocess.run(command, env=environment(), capture_output=True, encoding="utf-8", check=True)
    help_ = found.stdout
    options = set(re.findall(r"`(--[a-z-]+)", PAGE)) - {"--strict-model-config", "--onnx"}
    assert options
    assert not [option for option in options if option not in help_]
    limits = re.findall(r"--(max-[a-z]+)", help_)
    assert not [one for one in limits if f"--{one}" not in PAGE]
