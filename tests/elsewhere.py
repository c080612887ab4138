"""The tests as another processor would run them: its matrix products, its vectors, with or without fused products.

    python tests/elsewhere.py prescott whole -n 2     `make test-elsewhere CPU=prescott`
    python tests/elsewhere.py prescott short          the part of them that trains, in a few minutes

Every last digit of a sum depends on the order of its terms and on what is rounded between them. OpenBLAS, Numba and
NumPy choose both by the processor; here they are told which. What the processor at hand lacks cannot be stood in for.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
from llvmlite.binding import get_host_cpu_features

PARTS = {
    "whole": ["tests"],
    "short": [
        *("tests/labs", "tests/test_readme.py", "tests/test_examples.py"),
        *("tests/engine/test_functions.py", "tests/engine/test_draws.py", "tests/formats/test_onnx.py"),
        *("tests/estimators/test_losses.py", "tests/estimators/test_parameters.py"),
    ],
}


@dataclass(frozen=True)
class Processor:
    """What OpenBLAS and LLVM call a processor, what it needs, and what NumPy may not use (by the names' beginnings)."""

    blas: str
    llvm: str
    needs: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ("AVX512", "X86_V4")


EVERYTHING = ("",)
PROCESSORS = {
    "prescott": Processor("Prescott", "generic", hidden=EVERYTHING),  # SSE3: any x86-64
    "nehalem": Processor("Nehalem", "nehalem", ("sse4.2",), hidden=EVERYTHING),
    "sandybridge": Processor("Sandybridge", "sandybridge", ("avx",), hidden=EVERYTHING),
    "haswell": Processor("Haswell", "haswell", ("avx2", "fma", "bmi2")),
    "zen": Processor("Zen", "znver1", ("avx2", "fma", "bmi2", "sse4a")),
    "skylakex": Processor("SkylakeX", "skylake-avx512", ("avx512f", "avx512bw", "avx512dq", "avx512vl"), hidden=()),
}

#: Told by a process in the environment of another processor.
PROBE = """
import json, numba, numpy, scipy.linalg, threadpoolctl
from numba.core.registry import cpu_target
machine = cpu_target.target_context.codegen().magic_tuple()
blas = {lib.get("architecture") for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"}
vectors = numpy.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
print(json.dumps({"blas": sorted(map(str, blas)), "llvm": machine[1:], "numpy": vectors}))
"""


def environment(processor: Processor) -> dict[str, str]:
    """The environment of a process that is to compute as this processor does."""
    vectors = np.show_config(mode="dicts")["SIMD Extensions"]
    known = [*vectors.get("found", []), *vectors.get("not found", [])]
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_L2_SIZE"}
    return kept | {
        "OPENBLAS_CORETYPE": processor.blas,
        "NUMBA_CPU_NAME": processor.llvm,
        "NUMBA_CPU_FEATURES": "",  # those of the name alone
        "NPY_DISABLE_CPU_FEATURES": " ".join(name for name in known if name.startswith(processor.hidden)),
    }


def lacking(processor: Processor) -> str:
    """Why this machine cannot stand in for it, or nothing."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return f"this machine is {platform.machine()}, not x86-64"
    has = get_host_cpu_features()
    missing = [name for name in processor.needs if not has.get(name)]
    return f"this processor has no {', '.join(missing)}" if missing else ""


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs the tests as another processor would.")
    parser.add_argument("cpu", choices=PROCESSORS)
    parser.add_argument("part", choices=PARTS)
    asked, options = parser.parse_known_args()
    processor = PROCESSORS[asked.cpu]
    if why := lacking(processor):
        print(f"Nothing is run as {asked.cpu}: {why}.")
        return 0
    other = environment(processor)
    told = subprocess.run([sys.executable, "-c", PROBE], env=other, check=True, capture_output=True, text=True)
    print(f"As {asked.cpu}: {told.stdout.strip()}", flush=True)
    return subprocess.call([sys.executable, "-m", "pytest", *options, *PARTS[asked.part]], env=other)


if __name__ == "__main__":
    sys.exit(main())
