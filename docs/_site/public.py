"""The public objects by what they are for, in the order of the reference. `tests/docs` holds them against `__all__`."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Group:
    """A section of the reference.

    Attributes
    ----------
    title, text : as they stand on the page
    names : full names of objects; "module.*" is all that the `__all__` of a module names
    """

    title: str
    text: str
    names: tuple[str, ...]

    @property
    def objects(self) -> list[str]:
        """Full names, those of whole modules written out."""
        found: list[str] = []
        for name in self.names:
            if name.endswith(".*"):
                module = importlib.import_module(name[:-2])
                found += [f"{module.__name__}.{one}" for one in module.__all__]
            else:
                found.append(name)
        return found


def _of(module: str, names: str) -> tuple[str, ...]:
    return tuple(f"{module}.{name}" for name in names.split())


GROUPS = (
    Group(
        "Estimators",
        "scikit-learn's face: raw tables, rows of numbers, sequences.",
        _of(
            "chainrule",
            "TableClassifier TableRegressor MLPClassifier MLPRegressor SequenceClassifier SequenceRegressor",
        ),
    ),
    Group(
        "What was learned",
        "A model without scikit-learn, files, ONNX, reports, more than one machine.",
        _of("chainrule", "Model load to_onnx report cluster pack"),
    ),
    Group(
        "Why it learns, or not",
        "Diagnosis, comparison, search.",
        _of("chainrule", "diagnose compare Recorder find_learning_rate RateCurve range_test search_space")
        + _of("chainrule.diagnosis.findings", "Findings Finding Evidence")
        + _of("chainrule.diagnosis.remedies", "Remedy")
        + _of("chainrule.diagnosis.probes", "Probes Probed")
        + _of("chainrule.estimators.diagnosis.compare", "Comparison")
        + _of("chainrule.estimators.search_space", "Span OneOf"),
    ),
    Group(
        "Networks",
        "Layers are values; a network ties them to an input width.",
        _of(
            "chainrule",
            "Network Dense Activation GLU Embedding Periodic BatchNorm LayerNorm RMSNorm Dropout AlphaDropout "
            "GaussianNoise Residual Pool Predictor Members",
        )
        + _of("chainrule.engine.network", "Pass Backward")
        + _of("chainrule.engine.parameters", "Parameters")
        + _of("chainrule.engine.plan", "Plan")
        + _of("chainrule.network.initialisers", "VarianceScaling Normal Uniform Constant Orthogonal"),
    ),
    Group(
        "Training",
        "The loop in your own hands.",
        _of(
            "chainrule",
            "Trainer train Rows Sequences Validation Evaluator Stopping StepOptions Mixup Checkpoints "
            "EnsembleTrainer EnsemblePredictor",
        )
        + _of("chainrule.training.records", "Record"),
    ),
    Group("Activations", "`chainrule.activations`: functions by name, and your own.", ("chainrule.activations.*",)),
    Group("Losses", "`chainrule.losses`: by name, as objects, and your own.", ("chainrule.losses.*",)),
    Group("Optimisers", "`chainrule.optimisers`: how a gradient becomes a step.", ("chainrule.optimisers.*",)),
    Group("Schedules", "`chainrule.schedules`: the learning rate over time.", ("chainrule.schedules.*",)),
    Group("Averages of weights", "`chainrule.averaging`.", ("chainrule.averaging.*",)),
    Group("Callbacks", "`chainrule.callbacks`: what is told after each epoch.", ("chainrule.callbacks.*",)),
    Group("Plots", "`chainrule.plots`: displays in scikit-learn's form.", ("chainrule.plots.*",)),
    Group("Labs", "`chainrule.labs`: what textbooks claim, put to the test.", ("chainrule.labs.*",)),
    Group(
        "The textbook",
        "`chainrule.plain`: forward and backward on one page of NumPy.",
        _of("chainrule.plain", "forward backward relu sigmoid identity DERIVATIVES"),
    ),
    Group(
        "Data sets",
        "`chainrule.datasets`: what the package carries.",
        _of("chainrule.datasets", "load_adult load_california_housing Table"),
    ),
    Group(
        "How a table is read",
        "What `model.encoder_` and `model.encoder_.schema` hold.",
        _of("chainrule.tables.encoder", "Encoder")
        + _of("chainrule.tables.schema", "Schema")
        + _of("chainrule.tables.field", "Field"),
    ),
    Group(
        "Errors",
        "`chainrule.errors`: each says where, what was expected, what was received, and how to mend it.",
        _of(
            "chainrule.errors",
            "InputError CellError InputTypeError DivergenceError CheckpointError ModelFileError MissingExtraError "
            "TooLargeError ClusterError PlanError",
        ),
    ),
)


def found(name: str) -> Any:
    """The object of a full name."""
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


def names() -> list[str]:
    """Full names of all objects that have a page."""
    return [name for group in GROUPS for name in group.objects]
