"""
Adult: a table as it comes
==========================

The main job on real data: train on UCI Adult's official training rows, score on its test rows. `make run` runs it.
"""

from __future__ import annotations

import time

from sklearn.metrics import accuracy_score, log_loss

from chainrule import TableClassifier, callbacks
from chainrule.datasets import load_adult

NEXT = """\
What to try next
  model.save("adult.model")                     chainrule.load("adult.model") reads it, without pickle
  TableClassifier(preset="best")                more networks, for the last tenths of a percent
  model.importances(test, target[adult.test])   which columns it leans on
  chainrule train your.csv --target column      the same from a shell: pip install 'chainrule[cli]'
  examples/mnist.py                             images as plain vectors, about 1 % test error
  make bench                                    speed beside JAX, PyTorch and scikit-learn"""


def main() -> None:
    started = time.perf_counter()
    adult = load_adult()
    target = adult.target
    train, test = ({name: v[rows] for name, v in adult.columns.items()} for rows in (adult.train, adult.test))
    counts = f"{adult.train.sum():,} training rows, {adult.test.sum():,} test rows"
    print(f"UCI Adult: {counts}, {len(train)} columns", flush=True)

    model = TableClassifier(random_state=0, callbacks=[callbacks.Progress()])
    fit_started = time.perf_counter()
    model.fit(train, target[adult.train])
    seconds = time.perf_counter() - fit_started

    p = model.predict_proba(test)
    accuracy, loss = accuracy_score(target[adult.test], model.predict(test)), log_loss(target[adult.test], p)
    most = (target[adult.test] == "<=50K").mean()
    print(f"\ntest accuracy {accuracy:.4f}   log loss {loss:.4f}   (always '<=50K': {most:.4f} accuracy)")
    print(f"training {seconds:.1f} s in {model.n_iter_} epochs, {time.perf_counter() - started:.1f} s in all\n")
    print(NEXT)


if __name__ == "__main__":
    main()
