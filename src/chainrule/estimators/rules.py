"""What each parameter of an estimator may be, as data, and the check that reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from chainrule.checks import BELOW_1, COUNT, NOT_NEGATIVE, POSITIVE, UP_TO_1, Number, at_least
from chainrule.diagnosis.remedies import BY_PARAMETERS
from chainrule.errors import InputError
from chainrule.estimators import kinds
from chainrule.network.layers import NORMS
from chainrule.tables.numbers import HOW
from chainrule.training import schedules
from chainrule.training.optimisers import OPTIMISERS, Optimiser
from chainrule.training.step_options import StepOptions

STEP_OPTIONS = tuple(field.name for field in fields(StepOptions))
Rule = Callable[[str, Any], None]

RULES: Mapping[str, Rule] = {
    "hidden_layer_sizes": kinds.sizes,
    "head_layer_sizes": kinds.sizes,
    "pool": kinds.OneOf(("mean", "max", "sum")),
    "activation": kinds.activation,
    "solver": kinds.solver,
    "alpha": NOT_NEGATIVE,
    "batch_size": kinds.OneOf(("auto",), COUNT),
    "learning_rate": kinds.learning_rate,
    "learning_rate_init": POSITIVE,
    "power_t": NOT_NEGATIVE,
    "max_iter": COUNT,
    "shuffle": kinds.boolean,
    "random_state": kinds.random_state,
    "tol": NOT_NEGATIVE,
    "verbose": kinds.verbosity,
    "warm_start": kinds.boolean,
    "momentum": UP_TO_1,
    "nesterovs_momentum": kinds.boolean,
    "early_stopping": kinds.boolean,
    "validation_fraction": BELOW_1,
    "beta_1": BELOW_1,
    "beta_2": BELOW_1,
    "epsilon": POSITIVE,
    "n_iter_no_change": Number(1, whole=True, infinite=True),
    "max_fun": COUNT,
    "layers": kinds.layers,
    "norm": kinds.OneOf((None, *NORMS)),
    "residual": kinds.boolean,
    "dropout": BELOW_1,
    "l1": NOT_NEGATIVE,
    "l2": NOT_NEGATIVE,
    "weight_decay": NOT_NEGATIVE,
    "init": kinds.init,
    "dtype": kinds.float_type,
    "n_threads": kinds.OneOf((None,), COUNT),
    "loss": kinds.loss,
    "label_smoothing": BELOW_1,
    "class_weight": kinds.OneOf((None, "balanced"), kinds.mapping),
    "scoring": kinds.scoring,
    "score_training": kinds.boolean,
    "validation_split": kinds.splitter,
    "callbacks": kinds.callbacks,
    "checkpoints": kinds.where_to_keep,
    **{name: kinds.step_option(name) for name in STEP_OPTIONS},
    "input_noise": NOT_NEGATIVE,
    "mixup": NOT_NEGATIVE,
    "calibration": kinds.boolean,
    "n_members": COUNT,
    "probes": kinds.boolean,
    "time_limit": kinds.OneOf((None,), POSITIVE),
    "preset": kinds.OneOf(("fast", "default", "best")),
    "columns": kinds.OneOf((None,), kinds.mapping),
    "numbers": kinds.OneOf((None, *HOW)),
    "decimal": kinds.OneOf((None, ".", ",")),
    "log_target": kinds.boolean,
    "bins": at_least(2),
    "n_folds": COUNT,
    "memory": kinds.OneOf(("auto",), COUNT),
    "monotone": kinds.directions,
}


#: What would change the objective from call to call, or step beside it: L-BFGS needs one smooth function.
NOT_WITH_LBFGS = (
    "l1", "dropout", "weight_decay", "validation_split", "checkpoints", *STEP_OPTIONS, "input_noise", "mixup",
)  # fmt: skip

#: What a parameter has to be instead, where that is not its absence.
_WITHOUT = {"learning_rate": "'constant'", "n_members": "1"}


#: What only the solvers 'adam' and 'sgd' read: its default, and what an optimiser calls it.
OF_ADAM_AND_SGD: dict[str, tuple[Any, str]] = {
    "weight_decay": (0.0, "weight_decay"),
    "learning_rate_init": (0.001, "learning_rate"),
    "beta_1": (0.9, "beta_1"),
    "beta_2": (0.999, "beta_2"),
    "epsilon": (1e-8, "epsilon"),
    "momentum": (0.9, "momentum"),
    "nesterovs_momentum": (True, "nesterov"),
    "power_t": (0.5, "power_t"),
}


def check_each(name: str, parameters: Mapping[str, Any]) -> None:
    """Hold every parameter that has a rule against it.

    Raises
    ------
    InputError, InputTypeError
        At the first that breaks its rule: which, what was expected, what was received, how to mend it.
    """
    for parameter, rule in RULES.items():
        if parameter in parameters:
            rule(f"{name}({parameter}=)", parameters[parameter])


def check(name: str, parameters: Mapping[str, Any]) -> None:
    """Hold every parameter that has a rule against it, and `solver` against the parameters that it cannot serve.

    Raises
    ------
    InputError, InputTypeError
        At the first that breaks its rule: which, what was expected, what was received, how to mend it.
    """
    check_each(name, parameters)
    if "solver" not in parameters:
        return
    solver = parameters["solver"]
    if isinstance(solver, str) and solver not in BY_PARAMETERS:
        _check_beside(name, parameters, OPTIMISERS[solver]())
    if solver != "lbfgs":
        return
    refused = {parameter: parameters[parameter] for parameter in NOT_WITH_LBFGS if parameters[parameter]}
    if any(layer.draws for layer in parameters["layers"] or ()):
        refused["layers"] = "a layer that draws"
    if schedules.is_one(parameters["learning_rate"]):
        refused["learning_rate"] = parameters["learning_rate"]
    if parameters["n_members"] > 1:
        refused["n_members"] = parameters["n_members"]
    for parameter, value in refused.items():
        raise InputError(
            f"{name}({parameter}=)", f"{_WITHOUT.get(parameter, 'none of it')} with solver='lbfgs'", value,
            "Use solver='adam' or 'sgd'; l2 and alpha work with every solver.",
        )  # fmt: skip


def check_optimiser(name: str, parameters: Mapping[str, Any]) -> None:
    """Hold an optimiser against what is said beside it; files of estimators may hold both.

    Raises
    ------
    InputError
    """
    solver = parameters.get("solver")
    if isinstance(solver, Optimiser):
        _check_beside(name, parameters, solver)


def _check_beside(name: str, parameters: Mapping[str, Any], optimiser: Optimiser) -> None:
    """An optimiser says all of itself; beside it, a parameter of 'adam' or 'sgd' would be lost in silence."""
    solver, kind = f"solver={parameters['solver']!r}", type(optimiser).__name__
    has = {field.name for field in fields(optimiser)}
    for parameter, (plain, of_optimiser) in OF_ADAM_AND_SGD.items():
        value = parameters.get(parameter, plain)
        if value != plain:
            raise InputError(
                f"{name}({parameter}=)", f"{plain!r}, its default, beside {solver}", repr(value),
                f"Give it to the optimiser: solver={replace(optimiser, **{of_optimiser: value})!r}."
                if of_optimiser in has else f"{kind} has none.",
            )  # fmt: skip
    if parameters["learning_rate"] in ("adaptive", "invscaling"):
        raise InputError(
            f"{name}(learning_rate=)", f"'constant' or a schedule beside {solver}",
            repr(parameters["learning_rate"]), "Take one of chainrule.schedules, such as 'cosine'.",
        )  # fmt: skip
