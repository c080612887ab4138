"""Feedforward neural networks for CPUs: explicit forward and backward passes behind scikit-learn's face."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.2.0"

if TYPE_CHECKING:  # what tools see; the same names as below
    from chainrule import activations as activations
    from chainrule import averaging as averaging
    from chainrule import callbacks as callbacks
    from chainrule import datasets as datasets
    from chainrule import labs as labs
    from chainrule import losses as losses
    from chainrule import optimisers as optimisers
    from chainrule import plain as plain
    from chainrule import plots as plots
    from chainrule import schedules as schedules
    from chainrule.clusters.cluster import cluster as cluster
    from chainrule.diagnosis.recorder import Recorder as Recorder
    from chainrule.engine.feeds import pack as pack
    from chainrule.engine.network import Network as Network
    from chainrule.engine.parameters import Members as Members
    from chainrule.engine.predictor import Predictor as Predictor
    from chainrule.estimators.classifier import MLPClassifier as MLPClassifier
    from chainrule.estimators.diagnosis.compare import compare as compare
    from chainrule.estimators.diagnosis.diagnose import diagnose as diagnose
    from chainrule.estimators.finder import find_learning_rate as find_learning_rate
    from chainrule.estimators.loading import load as load
    from chainrule.estimators.onnx import to_onnx as to_onnx
    from chainrule.estimators.regressor import MLPRegressor as MLPRegressor
    from chainrule.estimators.search_space import search_space as search_space
    from chainrule.estimators.sequences import SequenceClassifier as SequenceClassifier
    from chainrule.estimators.sequences import SequenceRegressor as SequenceRegressor
    from chainrule.estimators.table.classifier import TableClassifier as TableClassifier
    from chainrule.estimators.table.regressor import TableRegressor as TableRegressor
    from chainrule.models.model import Model as Model
    from chainrule.network.layers import GLU as GLU
    from chainrule.network.layers import Activation as Activation
    from chainrule.network.layers import AlphaDropout as AlphaDropout
    from chainrule.network.layers import Dense as Dense
    from chainrule.network.layers import Dropout as Dropout
    from chainrule.network.layers import Embedding as Embedding
    from chainrule.network.layers import GaussianNoise as GaussianNoise
    from chainrule.network.layers import Periodic as Periodic
    from chainrule.network.layers import Pool as Pool
    from chainrule.network.layers import Residual as Residual
    from chainrule.network.layers.norms import BatchNorm as BatchNorm
    from chainrule.network.layers.norms import LayerNorm as LayerNorm
    from chainrule.network.layers.norms import RMSNorm as RMSNorm
    from chainrule.plots.report import report as report
    from chainrule.training.batches import Rows as Rows
    from chainrule.training.checkpoints import Checkpoints as Checkpoints
    from chainrule.training.ensemble import EnsemblePredictor as EnsemblePredictor
    from chainrule.training.ensemble import EnsembleTrainer as EnsembleTrainer
    from chainrule.training.finder import RateCurve as RateCurve
    from chainrule.training.finder import range_test as range_test
    from chainrule.training.loop import train as train
    from chainrule.training.mixup import Mixup as Mixup
    from chainrule.training.sequences import Sequences as Sequences
    from chainrule.training.step_options import StepOptions as StepOptions
    from chainrule.training.stopping import Stopping as Stopping
    from chainrule.training.trainer import Trainer as Trainer
    from chainrule.training.validation import Evaluator as Evaluator
    from chainrule.training.validation import Validation as Validation

#: public name -> module that holds it; imported when first asked for, so that `import chainrule` stays light
_HOMES = {
    "Network": "engine.network",
    "Dense": "network.layers",
    "Activation": "network.layers",
    "GLU": "network.layers",
    "Embedding": "network.layers",
    "Periodic": "network.layers",
    "BatchNorm": "network.layers.norms",
    "LayerNorm": "network.layers.norms",
    "RMSNorm": "network.layers.norms",
    "Dropout": "network.layers",
    "AlphaDropout": "network.layers",
    "GaussianNoise": "network.layers",
    "Residual": "network.layers",
    "Pool": "network.layers",
    "Predictor": "engine.predictor",
    "Members": "engine.parameters",
    "EnsemblePredictor": "training.ensemble",
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
    "search_space": "estimators.search_space",
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
    "Model": "models.model",
    "report": "plots.report",
    "cluster": "clusters.cluster",
}
_MODULES = (
    "activations",
    "averaging",
    "callbacks",
    "datasets",
    "labs",
    "losses",
    "optimisers",
    "plain",
    "plots",
    "schedules",
)

if not TYPE_CHECKING:  # else tools would take any name for one of ours
    __all__ = ["__version__", *_HOMES, *_MODULES]

    def _whole(name):
        """Import a module whose import Ctrl-C does not cut off: NumPy and SciPy cannot be imported again then."""
        from chainrule.engine.interrupts import held_back

        return held_back(import_module)(name)

    def __getattr__(name):
        if name in _HOMES:
            value = getattr(_whole(f"chainrule.{_HOMES[name]}"), name)
        elif name in _MODULES:
            value = _whole(f"chainrule.{name}")
        else:
            raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__():
        return sorted([*globals(), *__all__])
