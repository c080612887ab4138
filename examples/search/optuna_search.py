"""Search a TableClassifier with Optuna, which ends poor fits early: pip install optuna, then run this file."""

from __future__ import annotations

import optuna
from sklearn.model_selection import train_test_split

from chainrule import TableClassifier, search_space
from chainrule.callbacks import Callback
from chainrule.datasets import load_adult

ROWS = 2000


class Pruned(Callback):
    """Tells a trial of every epoch, and ends the fit where the trial is to be pruned."""

    def __init__(self, trial: optuna.Trial) -> None:
        self.trial, self.now = trial, False

    def epoch(self, record):
        self.trial.report(record.score, record.epoch)
        self.now = self.trial.should_prune()
        return self.now


def main() -> None:
    adult = load_adult()
    rows = adult.train.nonzero()[0][:ROWS]
    training, validation = train_test_split(rows, test_size=0.3, random_state=0)
    X, X_val = ({name: column[some] for name, column in adult.columns.items()} for some in (training, validation))
    y, y_val = adult.target[training], adult.target[validation]
    model, space = TableClassifier(scoring="roc_auc", random_state=0), search_space(TableClassifier, len(training))

    def objective(trial: optuna.Trial) -> float:
        parameters = {name: one.suggest(trial, name) for name, one in space.items()}
        pruned = Pruned(trial)
        fitted = TableClassifier(**model.get_params() | parameters | {"callbacks": [pruned]})
        fitted.fit(X, y, X_val=X_val, y_val=y_val)
        if pruned.now:
            raise optuna.TrialPruned
        return max(record.score for record in fitted.history_)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=3)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0), pruner=pruner)
    study.optimize(objective, n_trials=12)

    states = [trial.state.name for trial in study.trials]
    print(f"{states.count('COMPLETE')} fits to the end, {states.count('PRUNED')} pruned")
    best = optuna.trial.FixedTrial(study.best_params)
    for name, one in space.items():
        print(f"  {name} = {one.suggest(best, name)!r}")
    print(f"area under the ROC curve, of {len(validation)} rows held out: {study.best_value:.4f}")


if __name__ == "__main__":
    main()
