"""Who is measured: ours at its presets and as variants of them, and other libraries with their defaults.

No model has an option but its seed, its threads and what keeps it silent, nor a variant of ours but those it is given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib.util import find_spec
from typing import Any

from benchmarks.tables.columns import MOST_LEVELS, Kinds, Levels, OneHot, Prepared, Strings
from chainrule import TableClassifier, TableRegressor
from chainrule.errors import InputError, unknown_name
from chainrule.estimators.table import presets
from chainrule.models.task import Task

#: (task, kinds of columns, seed, threads) -> estimator
Make = Callable[[Task, Kinds, int, int], Any]


@dataclass(frozen=True)
class Model:
    """A name in the tables, and how the estimator is made.

    Parameters
    ----------
    name : of the model
    make : for others than ours
    package : what has to be installed
    parameters : of ours
    """

    name: str
    make: Make | None = None
    package: str = "chainrule"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        return self.make is None

    def estimator(self, task: Task, kinds: Kinds, seed: int, threads: int) -> Any:
        if self.make is None:
            return _ours(self.parameters, task, seed, threads)
        return self.make(task, kinds, seed, threads)


def _ours(parameters: Mapping[str, Any], task: Task, seed: int, threads: int) -> Any:
    """A table estimator. What only a preset has, such as cycles, goes into the preset, for the rest of the process."""
    kind = TableClassifier if task == "classification" else TableRegressor
    own = {name: value for name, value in parameters.items() if name not in _estimator_has()}
    if own:
        name = parameters.get("preset", "default")
        before = presets.PRESETS[name]
        presets.PRESETS[name] = lambda rows: replace(before(rows), **own)
    said = {name: value for name, value in parameters.items() if name not in own}
    return kind(**said, random_state=seed, n_threads=threads)


def _mlp(task: Task, kinds: Kinds, seed: int, threads: int) -> Prepared:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = MLPClassifier if task == "classification" else MLPRegressor
    return Prepared(OneHot(kinds), kind(random_state=seed))


def _histgb(task: Task, kinds: Kinds, seed: int, threads: int) -> Prepared:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if task == "classification" else HistGradientBoostingRegressor
    return Prepared(Levels(kinds, MOST_LEVELS), kind(random_state=seed, categorical_features="from_dtype"))


def _lightgbm(task: Task, kinds: Kinds, seed: int, threads: int) -> Prepared:
    from lightgbm import LGBMClassifier, LGBMRegressor

    kind = LGBMClassifier if task == "classification" else LGBMRegressor
    return Prepared(Levels(kinds), kind(random_state=seed, n_jobs=threads, verbosity=-1))


def _catboost(task: Task, kinds: Kinds, seed: int, threads: int) -> Prepared:
    from catboost import CatBoostClassifier, CatBoostRegressor

    kind = CatBoostClassifier if task == "classification" else CatBoostRegressor
    model = kind(
        random_seed=seed, thread_count=threads, verbose=False, allow_writing_files=False,
        cat_features=list(kinds.words), text_features=list(kinds.texts),
    )  # fmt: skip
    return Prepared(Strings(kinds), model)


def _realmlp(task: Task, kinds: Kinds, seed: int, threads: int) -> Prepared:
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    kind = RealMLP_TD_Classifier if task == "classification" else RealMLP_TD_Regressor
    return Prepared(Levels(kinds, filled=True), kind(random_state=seed, n_threads=threads, device="cpu"))


def _tabm(task: Task, kinds: Kinds, seed: int, threads: int) -> Prepared:
    from pytabkit import TabM_D_Classifier, TabM_D_Regressor

    kind = TabM_D_Classifier if task == "classification" else TabM_D_Regressor
    return Prepared(Levels(kinds, filled=True), kind(random_state=seed, n_threads=threads, device="cpu"))


MODELS = {
    model.name: model
    for model in (
        *(Model(f"chainrule {preset}", parameters={"preset": preset}) for preset in presets.PRESETS),
        Model("scikit-learn MLP", _mlp, "sklearn"),
        Model("HistGradientBoosting", _histgb, "sklearn"),
        Model("LightGBM", _lightgbm, "lightgbm"),
        Model("CatBoost", _catboost, "catboost"),
        Model("RealMLP", _realmlp, "pytabkit"),
        Model("TabM", _tabm, "pytabkit"),
    )
}

#: What is typed for a model.
SHORT = {
    **{preset: f"chainrule {preset}" for preset in presets.PRESETS},
    "mlp": "scikit-learn MLP",
    "histgb": "HistGradientBoosting",
    **{name.lower(): name for name in ("LightGBM", "CatBoost", "RealMLP", "TabM")},
}


def chosen(names: Sequence[str] | None, variants: Iterable[Model]) -> tuple[list[Model], list[str]]:
    """Models by their short names, or all, and the variants; and a line for each that is not installed.

    Raises
    ------
    InputError
        An unknown name, or one that two have.
    """
    for name in names or ():
        if name not in SHORT:
            raise unknown_name("--models", name, SHORT)
    found = [MODELS[SHORT[name]] for name in (SHORT if names is None else names)]
    missing = [
        f"{model.name} is left out: it needs the package {model.package}, as benchmarks/requirements.txt says."
        for model in found
        if find_spec(model.package) is None
    ]
    found = [model for model in found if find_spec(model.package) is not None]
    for variant in variants:
        if variant.name in [model.name for model in (*MODELS.values(), *found)]:
            raise InputError("--variant", "a name that no other model has", repr(variant.name), "Give it another.")
        found.append(variant)
    return found, missing


def variant(text: str) -> Model:
    """From name={"bins": 16}: parameters of the table estimators and of presets; the preset is 'default' unless told.

    Raises
    ------
    InputError
        No name, no JSON, or a parameter that there is not.
    """
    name, _, given = text.partition("=")
    mend = """Write --variant 'few={"bins": 16, "preset": "fast"}'."""
    try:
        parameters = json.loads(given)
    except ValueError:
        parameters = None
    if not name or not isinstance(parameters, dict):
        raise InputError("--variant", "a name, = and parameters as a JSON object", repr(text), mend)
    known = _estimator_has() | {one.name for one in fields(presets.Preset)}
    for key in parameters:
        if key not in known:
            raise unknown_name(f"--variant {name}", key, known)
    if parameters.get("preset", "default") not in presets.PRESETS:
        raise unknown_name(f"--variant {name}, preset", parameters["preset"], presets.PRESETS)
    tuples = {key: tuple(value) if isinstance(value, list) else value for key, value in parameters.items()}
    return Model(name, parameters=tuples)


def _estimator_has() -> set[str]:
    both = set(TableClassifier().get_params()) & set(TableRegressor().get_params())
    return both - {"random_state", "n_threads"}
