"""Peak memory of fitting 60,000 x 784 float32, here and in scikit-learn, each in a process of its own.

Linux only: the peak that `resource` knows starts with that of the parent process.
"""

from __future__ import annotations

import subprocess
import sys

FIT = r"""
import re, warnings
from pathlib import Path
import numpy as np
{imports}
warnings.simplefilter("ignore")
X = np.zeros((60_000, 784), np.float32)
X[:, :] = np.random.default_rng(0).normal(size=784)
y = np.arange(60_000) % 10

def peak():
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

MLPClassifier((512, 512), batch_size=128, max_iter=1).partial_fit(X[:256], y[:256], classes=np.arange(10))
before = peak()
MLPClassifier((512, 512), batch_size=128, max_iter=1).fit(X, y)
print(before, peak())
"""


def peak(module: str) -> tuple[float, float]:
    """MiB of the process with imports, data and a first small fit, and its peak with the fit."""
    code = FIT.format(imports=f"from {module} import MLPClassifier")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    return before, after


def main() -> None:
    """Print a Markdown table."""
    print("| library | before the fit, MiB (X alone is 179) | peak, MiB | the fit adds, MiB |")
    print("|---|---:|---:|---:|")
    for name, module in (("chainrule", "chainrule"), ("scikit-learn", "sklearn.neural_network")):
        before, after = peak(module)
        print(f"| {name} | {before:.0f} | {after:.0f} | {after - before:.0f} |")


if __name__ == "__main__":
    main()
