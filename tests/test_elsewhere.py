"""`make test-elsewhere`: what is told to the processes of the tests takes effect, and what cannot be had is said."""

import json
import platform
import subprocess
import sys

import pytest
from tests import elsewhere


def told(environment=None):
    """By which kernels a process computes."""
    command = [sys.executable, "-c", elsewhere.PROBE]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="x86-64 alone has these")
def test_another_processor_computes():
    """The oldest that there is: no vectors of NumPy's beyond its baseline, and other products than any AVX has."""
    oldest = elsewhere.PROCESSORS["prescott"]
    assert elsewhere.lacking(oldest) == ""
    found = told(elsewhere.environment(oldest))
    assert found == {"blas": found["blas"], "llvm": ["generic", ""], "numpy": []}
    assert not {"Haswell", "Zen", "SkylakeX", "Cooperlake", "Sapphirerapids"} & set(found["blas"])


def test_nothing_is_run_that_this_machine_cannot_do(monkeypatch, capsys):
    monkeypatch.setattr(subprocess, "call", None)
    monkeypatch.setattr("sys.argv", ["elsewhere", "skylakex", "short", "-q"])
    monkeypatch.setattr(elsewhere, "get_host_cpu_features", lambda: {"avx512f": True, "avx512bw": True})
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert elsewhere.main() == 0
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert elsewhere.main() == 0
    assert capsys.readouterr().out == (
        "Nothing is run as skylakex: this processor has no avx512dq, avx512vl.\n"
        "Nothing is run as skylakex: this machine is aarch64, not x86-64.\n"
    )
