"""`chainrule serve` where its packages are missing, and what of it needs no server."""

import subprocess
import sys

import pytest
from tests.boxes.test_without_packages import BLOCKED
from tests.cli.conftest import environment

from chainrule.serving.inference import defaults

RUN = "import sys; from chainrule.cli.main import run; sys.exit(run(sys.argv[1:]))"


@pytest.mark.parametrize("missing", ["prometheus_client", "starlette", "uvicorn"])
def test_what_is_missing_is_told(missing):
    error = "ModuleNotFoundError(f'No module named {name!r}', name=name)"
    code = BLOCKED.format(names={missing}, error=error) + RUN
    ended = subprocess.run(
        [sys.executable, "-c", code, "serve", "any.model"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("chainrule serve: the server: expected the packages starlette, uvicorn and")
    assert missing in ended.stderr
    assert ended.stderr.endswith("pip install 'chainrule[serve]'.\n")


def test_help_tells_the_limits_and_loads_no_numpy(shell):
    code = "import sys; from chainrule.cli.main import run; run(['serve', '--help']); sys.exit('numpy' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False)
    assert ended.returncode == 0
    for limit in (defaults.BODY, defaults.ROWS, defaults.COLUMNS, defaults.HELD):
        assert f"default: {limit}" in " ".join(ended.stdout.split())
