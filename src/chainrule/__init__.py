"""Feedforward neural networks for CPUs: explicit forward and backward passes behind scikit-learn's face."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

#: public name -> module that holds it; imported when first asked for, so that `import chainrule` stays light
_HOMES = {
    "Network": "engine.network",
    "Dense": "network.layers",
    "Activation": "network.layers",
    "Embedding": "network.embedding",
    "BatchNorm": "network.layers",
    "LayerNorm": "network.layers",
    "Dropout": "network.layers",
    "AlphaDropout": "network.layers",
    "GaussianNoise": "network.layers",
    "Residual": "network.layers",
    "Pool": "network.layers",
    "Predictor": "engine.predictor",
    "EnsemblePredictor": "engine.ensemble",
    "Trainer": "training.trainer",
    "EnsembleTrainer": "training.ensemble",
    "train": "training.loop",
    "Rows": "training.batches",
    "Sequences": "training.sequences",
    "pack": "engine.feeds",
    "Stopping": "training.stopping",
    "Evaluator": "training.validation",
    "Validation": "training.validation",
    "StepOptions": "training.step_options",
    "Mixup": "training.mixup",
    "Checkpoints": "training.checkpoints",
    "RateCurve": "training.finder",
    "range_test": "training.finder",
    "find_learning_rate": "estimators.finder",
    "Recorder": "diagnosis.recorder",
    "diagnose": "estimators.diagnosis.diagnose",
    "compare": "estimators.diagnosis.compare",
    "to_onnx": "estimators.onnx",
    "MLPClassifier": "estimators.classifier",
    "MLPRegressor": "estimators.regressor",
    "TableClassifier": "estimators.table.classifier",
    "TableRegressor": "estimators.table.regressor",
    "SequenceClassifier": "estimators.sequences",
    "SequenceRegressor": "estimators.sequences",
    "load": "estimators.loading",
    "report": "plots.report",
}
_MODULES = {
    "activations": "network.activations",
    "averaging": "training.averaging",
    "callbacks": "training.callbacks",
    "datasets": "datasets",
    "labs": "labs",
    "losses": "network.losses",
    "optimisers": "training.optimisers",
    "plain": "plain",
    "plots": "plots",
    "schedules": "training.schedules",
}

__all__ = ["__version__", *_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f"chainrule.{_HOMES[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"chainrule.{_MODULES[name]}")
    else:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
