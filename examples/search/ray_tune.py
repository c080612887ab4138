"""Search a TableClassifier with Ray Tune, two fits at a time: pip install 'ray[tune]', then run this file."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # before Ray is imported

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from sklearn.model_selection import train_test_split

from chainrule import TableClassifier, search_space
from chainrule.datasets import load_adult

ROWS, EPOCHS, FITS = 2000, 24, 8


def train(parameters, training, validation) -> None:
    """A fit that tells Tune of every epoch; Tune ends the poor ones."""
    scores = []

    def told(record) -> None:
        scores.append(record.score)
        tune.report({"roc_auc": max(scores), "epoch": record.epoch})  # the best epoch is what the model keeps

    model = TableClassifier(scoring="roc_auc", max_iter=EPOCHS, random_state=0, n_threads=1, callbacks=[told])
    model.set_params(**parameters).fit(*training, X_val=validation[0], y_val=validation[1])


def main() -> None:
    adult = load_adult()
    training, validation = (
        ({name: column[some] for name, column in adult.columns.items()}, adult.target[some])
        for some in train_test_split(adult.train.nonzero()[0][:ROWS], test_size=0.3, random_state=0)
    )
    space = search_space(TableClassifier, len(training[1]))
    scheduler = ASHAScheduler("epoch", max_t=EPOCHS, grace_period=4)
    ray.init("local", num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", logging_level="error")
    with tempfile.TemporaryDirectory() as folder:
        results = tune.Tuner(
            tune.with_parameters(train, training=training, validation=validation),
            param_space={name: one.tune(tune) for name, one in space.items()},
            tune_config=tune.TuneConfig(
                metric="roc_auc", mode="max", num_samples=FITS, scheduler=scheduler, reuse_actors=True
            ),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        ).fit()
    ray.shutdown()
    best, early = results.get_best_result(), sum(result.metrics["epoch"] < EPOCHS for result in results)
    print(f"{len(results)} fits, {early} of them ended early, {results.num_errors} failed")
    print("\n".join(f"  {name} = {best.config[name]!r}" for name in space))
    print(f"area under the ROC curve, of {len(validation[1])} rows held out: {best.metrics['roc_auc']:.4f}")


if __name__ == "__main__":
    main()
