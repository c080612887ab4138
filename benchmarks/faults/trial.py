"""One case: train it, prove it, diagnose it, and mend it; the result is data."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.faults import healthy
from benchmarks.faults.healthy import HealthyCase, TableCase
from benchmarks.faults.on_tables import HealthyTable
from benchmarks.faults.planting import Case
from benchmarks.faults.proofs import Trained, train

#: A function as `chainrule.diagnose`: of an estimator, X, y, held-out X and held-out y.
Diagnose = Callable[..., Any]

Healthy = HealthyCase | TableCase | HealthyTable

#: How near the first remedy has to bring the held-out score to the healthy twin's.
NEAR = 0.02


def trial(case: Case | Healthy, diagnose: Diagnose, mend: bool = False) -> dict[str, Any]:
    """What came of a case, as JSON has it. An error on the way is a result, too."""
    start = perf_counter()
    run = (lambda: _faulty(case, diagnose, mend)) if isinstance(case, Case) else (lambda: _sound(case, diagnose))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            came = run()
        except Exception:
            came = {"counted": True, "error": traceback.format_exc(), "findings": []}
    return {"name": case.name, "data": case.setting.data, **came, "seconds": perf_counter() - start}


def _faulty(case: Case, diagnose: Diagnose, mend: bool) -> dict[str, Any]:
    sick, twin = train(*case.sick()), train(*case.twin())
    counted = case.fault.proof.holds(sick, twin)
    came: dict[str, Any] = {"counted": counted, "scores": _scores(sick), "twin": _scores(twin), "findings": []}
    if not counted:
        return came
    found = _diagnosed(sick, diagnose)
    came["findings"] = found.to_data()
    if mend and case.fault.proof.kind == "harm":
        came["mended"] = _mended(case, found, twin)
    return came


def _sound(case: Healthy, diagnose: Diagnose) -> dict[str, Any]:
    trained = train(*case.network())
    counted = healthy.learns(trained, case.reference())
    found = _diagnosed(trained, diagnose).to_data() if counted else []
    return {"counted": counted, "scores": _scores(trained), "findings": found}


def _diagnosed(trained: Trained, diagnose: Diagnose) -> Any:
    split = trained.split
    return diagnose(trained.estimator, split.X, split.y, split.X_held, split.y_held)


def _mended(case: Case, found: Any, twin: Trained) -> dict[str, Any] | None:
    """The first remedy of the finding, applied and trained: None where nothing was found."""
    if case.fault.rule not in found:
        return None
    remedy = next((one for one in found[case.fault.rule].remedies if one.can_be_applied), None)
    if remedy is None:
        return None
    estimator, split = case.sick()
    mended = train(remedy.apply(estimator), split)
    return {"remedy": remedy.name, "scores": _scores(mended), "near": mended.score >= twin.score - NEAR}


def _scores(trained: Trained) -> dict[str, Any]:
    return {"finite": trained.finite, "trained": trained.trained_score, "held_out": trained.score}
