"""What a newly installed chainrule must do: fit, predict, save, load, export, and answer as a command.

    python -I tests/fresh_smoke.py      in an environment that has the wheel with cli, files, onnx and plots

It is run away from the source tree, by `tests/fresh.py`, and prints one line.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

import chainrule
from chainrule import MLPClassifier, TableClassifier, datasets, report, to_onnx


def adult(rows: int) -> tuple[dict[str, object], np.ndarray]:
    """The first rows of the table that the package carries."""
    table = datasets.load_adult()
    return {name: column[:rows] for name, column in table.columns.items()}, table.target[:rows]


def estimators(folder: Path) -> None:
    """Both kernel sets fit alike; a model of a table comes back from its file, its graph and its report are written."""
    X = np.random.default_rng(0).normal(size=(400, 6))
    y = np.where(X[:, 0] * X[:, 1] > 0, "same", "other")
    shares = {}
    for kernels in ("numpy", "numba"):
        os.environ["CHAINRULE_KERNELS"] = kernels
        shares[kernels] = MLPClassifier((32, 32), max_iter=60, random_state=0).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(shares["numpy"], shares["numba"], atol=0.05)
    del os.environ["CHAINRULE_KERNELS"]

    columns, target = adult(3000)
    model = TableClassifier(preset="fast", max_iter=8, random_state=0).fit(columns, target)
    assert model.score(columns, target) > 0.8
    model.save(folder / "adult.model")
    again = chainrule.load(folder / "adult.model")
    np.testing.assert_array_equal(again.predict_proba(columns), model.predict_proba(columns))
    alone = chainrule.Model.load(folder / "adult.model")
    np.testing.assert_array_equal(alone.predict(columns), model.predict(columns))
    assert to_onnx(model).graph.node
    report(model, folder / "report.html", columns, target)
    assert "<svg" in (folder / "report.html").read_text(encoding="utf-8")


def command(folder: Path) -> None:
    """`chainrule train`, `predict`, `evaluate` and `check`."""
    columns, target = adult(1000)
    rows = zip(*columns.values(), target, strict=True)
    lines = [",".join([*columns, "income"]), *(",".join(map(str, row)) for row in rows)]
    (folder / "adult.csv").write_text("\n".join(lines), encoding="utf-8")
    for words in (
        ["train", "adult.csv", "--target", "income", "--preset", "fast", "--max-iter", "4", "-o", "a.model"],
        ["predict", "a.model", "adult.csv", "-o", "out.csv", "--proba"],
        ["evaluate", "a.model", "adult.csv", "--json"],
        ["inspect", "a.model"],
        ["check"],
    ):
        run = subprocess.run(
            [sys.executable, "-I", "-m", "chainrule", *words], cwd=folder, capture_output=True, encoding="utf-8"
        )
        assert run.returncode == 0, f"chainrule {words[0]}: {run.stderr}"
    assert len((folder / "out.csv").read_text(encoding="utf-8").splitlines()) == 1001


def main() -> None:
    logging.getLogger("chainrule").setLevel(logging.ERROR)
    warnings.simplefilter("ignore", ConvergenceWarning)  # these fits are short
    home = Path(chainrule.__file__).resolve()
    assert "site-packages" in home.parts, f"not the installed package: {home}"
    with tempfile.TemporaryDirectory() as folder:
        estimators(Path(folder))
        command(Path(folder))
    print(f"chainrule {chainrule.__version__} does what it must on Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
