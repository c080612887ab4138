"""Whether a change keeps every bit: fits of every kind by the tree at hand and by that of another commit, side by side.

    python tests/same_bits.py HEAD~1              every kind
    python tests/same_bits.py main --only table   those whose names hold a word

Each tree learns, predicts, saves and loads in a process of its own, by the public names alone; what comes out is
digested and compared. Nothing is stored: bits belong to the machine on which both ran. A checkpoint of the other
commit is gone on with by this tree, and its model files are read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]

#: name of a case -> a function of a folder of its own, which gives what is to be the same.
Case = Callable[[Path], Any]


def digest(*things: Any) -> str:
    """Of arrays, numbers and what is made of them: types and shapes count, too."""
    found = hashlib.sha256()

    def add(thing: Any) -> None:
        if isinstance(thing, dict):
            add(sorted(thing.items()))
        elif isinstance(thing, (list, tuple)):
            found.update(b"(")
            for one in thing:
                add(one)
            found.update(b")")
        else:
            array = np.asarray(thing)
            found.update(f"{array.dtype.kind}{array.shape}".encode())
            found.update(
                pickle.dumps(array.tolist()) if array.dtype == object else np.ascontiguousarray(array).tobytes()
            )

    add(things)
    return found.hexdigest()[:16]


def rows(seed: int = 0, n: int = 240, inputs: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and a number that hangs on them."""
    drawn = np.random.default_rng(seed)
    X = drawn.standard_normal((n, inputs)).astype(np.float32)
    return X, (X[:, 0] * X[:, 1] + np.sin(X[:, 2]) + 0.1 * drawn.standard_normal(n)).astype(np.float32)


def frame(n: int = 300) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Columns of every kind, with gaps; classes; numbers."""
    X, y = rows(1, n)
    words = np.array(["ash", "beech", "oak", None], object)[(np.abs(X[:, 4]) * 2).astype(int) % 4]
    amount = X[:, 0].astype(float)
    amount[::17] = np.nan
    days = np.datetime64("2024-01-01") + (np.arange(n) * 37 % 700).astype("timedelta64[D]")
    table = {"amount": amount, "size": X[:, 1].astype(float), "tree": words, "day": days, "flag": X[:, 5] > 0}
    return table, np.array(["few", "many", "most"])[np.digitize(y, (-0.5, 0.8))], y


def learned(model: Any, X: Any, *extra: Any) -> list[Any]:
    """What a fitted estimator of rows or sequences holds and says."""
    inner = model if hasattr(model, "parameters_") else model.model_
    found = [dict(inner.parameters_.items()), inner.loss_curve_, inner.n_iter_, model.predict(X), *extra]
    found.append(inner.validation_scores_)
    if hasattr(model, "predict_proba"):
        found.append(model.predict_proba(X))
    return found


def of_rows() -> Iterator[tuple[str, Case]]:
    """`MLPClassifier` and `MLPRegressor` by every part that they take."""
    from chainrule import (
        AlphaDropout,
        BatchNorm,
        Dense,
        Dropout,
        Embedding,
        GaussianNoise,
        LayerNorm,
        MLPClassifier,
        MLPRegressor,
        Residual,
        losses,
        optimisers,
        schedules,
    )  # fmt: skip
    from chainrule.averaging import EMA, SWA

    X, y = rows()
    classes, two = np.digitize(y, (-0.5, 0.8)), (y > 0).astype(int)
    many = np.stack([y > 0, X[:, 0] > 0], axis=1).astype(int)
    plain: dict[str, Any] = {"hidden_layer_sizes": (16, 12), "max_iter": 4, "random_state": 3, "batch_size": 32}

    def classifies(target: Any = classes, **given: Any) -> Case:
        return lambda _: learned(MLPClassifier(**{**plain, **given}).fit(X, target), X)

    def regresses(target: Any = y, **given: Any) -> Case:
        return lambda _: learned(MLPRegressor(**{**plain, **given}).fit(X, target), X)

    for name in optimisers.OPTIMISERS:
        yield f"solver {name}", classifies(solver=name)
        yield f"members {name}", classifies(solver=name, n_members=3)
    yield "solver lbfgs", classifies(solver="lbfgs", max_iter=15)
    for name in schedules.NAMED:
        yield f"schedule {name}", regresses(learning_rate=name, early_stopping=True)
    for name in ("invscaling", "adaptive"):
        yield f"schedule {name}", regresses(learning_rate=name, solver="sgd", max_iter=20, tol=0.1, n_iter_no_change=2)
    kinds = {"any": y, "not negative": np.abs(y).round(), "positive": np.abs(y) + 0.1}
    for name, loss in losses.LOSSES.items():
        if loss.target == "classes" or name in ("binary_cross_entropy", "binary_focal", "hinge", "squared_hinge"):
            target = two if loss.target != "classes" else classes
            yield f"loss {name}", classifies(target, loss=name)
        elif name != "soft_cross_entropy":
            counts = "poisson" in name or "tweedie" in name
            target = kinds["not negative" if counts else "positive" if name == "gamma" else "any"]
            yield f"loss {name}", regresses(target, loss=name)
    for name in ("relu", "tanh", "logistic", "gelu", "silu", "elu", "selu", "softplus"):
        yield f"activation {name}", classifies(activation=name)
    parts = {
        "norm batch": {"norm": "batch"}, "norm layer": {"norm": "layer"},
        "residual": {"residual": True, "hidden_layer_sizes": (16, 16, 16)}, "dropout": {"dropout": 0.3},
        "penalties": {"l1": 1e-3, "l2": 1e-3, "weight_decay": 1e-3}, "noise": {"input_noise": 0.1},
        "mixup": {"mixup": 0.4}, "clip": {"clip_norm": 0.5, "max_norm": 2.0}, "clip value": {"clip_value": 0.1},
        "ema": {"averaging": EMA(0.9)}, "swa": {"averaging": SWA(2)}, "float64": {"dtype": "float64"},
        "rates": {"rate_factors": {"first": 0.5}}, "stopped": {"early_stopping": True, "score_training": True},
        "scoring": {"early_stopping": True, "scoring": "neg_log_loss"}, "threads": {"n_threads": 1},
        "calibrated": {"early_stopping": True, "calibration": True},
    }  # fmt: skip
    for name, given in parts.items():
        yield name, classifies(**given)
        yield f"members {name}", classifies(**given, n_members=3)
    yield "two classes", classifies(two, class_weight="balanced")
    yield "labels", classifies(many)
    yield "several targets", regresses(np.stack([y, X[:, 0]], axis=1))
    stack = [
        Dense(16, "relu"), BatchNorm(), Dropout(0.2), Residual([Dense(16, "selu"), LayerNorm(), AlphaDropout(0.1)]),
        GaussianNoise(0.1),
    ]  # fmt: skip
    yield "layers", classifies(layers=stack)
    coded = np.concatenate([X, np.digitize(X[:, :1], (-1, 0, 1)).astype(np.float32)], axis=1)
    embedding = [Embedding((4,), (3,)), Dense(8, "relu")]

    def embedded(_: Path) -> Any:
        turned = coded[:, ::-1].copy()
        return learned(MLPRegressor(layers=embedding, max_iter=4, random_state=0).fit(turned, y), turned)

    yield "embedding", embedded

    def sparse(_: Path) -> Any:
        from scipy.sparse import csr_array

        given = csr_array(np.where(X > 0.5, X, 0))
        return learned(MLPClassifier(**plain).fit(given, classes), given)

    yield "sparse", sparse
    weight = np.linspace(0.1, 2.0, len(y))
    yield "weights", lambda _: learned(MLPRegressor(**plain).fit(X, y, weight, X[:50], y[:50], weight[:50]), X)

    def goes_on(_: Path) -> Any:
        model = MLPClassifier(**plain, warm_start=True).fit(X, classes)
        first = learned(model, X)
        return first, learned(model.fit(X, classes), X)

    yield "warm start", goes_on

    def by_parts(_: Path) -> Any:
        model = MLPRegressor(**plain, dropout=0.1)
        for part in np.array_split(np.arange(len(y)), 4):
            model.partial_fit(X[part], y[part])
        return learned(model, X)

    yield "partial fit", by_parts

    def sampled(members: int) -> Case:
        def says(_: Path) -> Any:
            model = MLPRegressor(**plain, dropout=0.2, n_members=members).fit(X, y)
            return model.predict(X, return_std=True, samples=7), model.predict_function(3)(X[:3])

        return says

    yield "sample", sampled(1)
    yield "members sample", sampled(3)

    def intervals(_: Path) -> Any:
        model = MLPRegressor(**plain).fit(X[:100], y[:100]).calibrate(X[100:], y[100:])
        return model.predict_interval(X), MLPRegressor(**plain, loss="gaussian").fit(X, y).predict_interval(X)

    yield "intervals", intervals


def of_sequences() -> Iterator[tuple[str, Case]]:
    from chainrule import SequenceClassifier, SequenceRegressor

    drawn = np.random.default_rng(2)
    sets = [drawn.standard_normal((n, 3)).astype(np.float32) for n in drawn.integers(1, 9, 120)]
    sums = np.array([s.sum() for s in sets], np.float32)
    plain: dict[str, Any] = {"hidden_layer_sizes": (12,), "max_iter": 4, "random_state": 1}
    for pool in ("mean", "max", "sum"):
        for members in (1, 2):
            given = {**plain, "pool": pool, "n_members": members}
            yield (
                f"sequences {pool} {members}",
                lambda _, g=given: learned(SequenceRegressor(**g).fit(sets, sums), sets),
            )
    given = {**plain, "norm": "layer", "head_layer_sizes": (6,), "early_stopping": True}
    yield "sequences of classes", lambda _: learned(SequenceClassifier(**given).fit(sets, sums > 0), sets)


def of_tables() -> Iterator[tuple[str, Case]]:
    from chainrule import TableClassifier, TableRegressor

    X, classes, y = frame()
    plain: dict[str, Any] = {"max_iter": 3, "random_state": 5}

    def looked_at(model: Any) -> Any:
        shuffled = [(one.name, one.mean) for one in model.importances(X, y if "R" in type(model).__name__ else classes)]
        return learned(model, X, shuffled, model.attributions(X), list(model.get_feature_names_out()))

    for preset in ("fast", "default", "best"):
        given = {**plain, "preset": preset}
        yield f"table {preset}", lambda _, g=given: learned(TableClassifier(**g).fit(X, classes), X)
        yield f"table numbers {preset}", lambda _, g=given: learned(TableRegressor(**g).fit(X, y), X)
    for numbers in ("standard", "robust", "quantile"):
        given = {**plain, "numbers": numbers, "n_members": 1}
        yield f"table {numbers}", lambda _, g=given: looked_at(TableRegressor(**g).fit(X, y))
    given = {**plain, "n_members": 2, "class_weight": "balanced"}
    yield "table looked at", lambda _: looked_at(TableClassifier(**given).fit(X, classes))

    def streamed(folder: Path) -> Any:
        names = [*X, "y"]
        lines = [
            ",".join("" if v is None or v != v else str(v) for v in row)
            for row in zip(*X.values(), classes, strict=True)
        ]
        (folder / "table.csv").write_text("\n".join([",".join(names), *lines]) + "\n")
        found = [TableClassifier(**plain).fit(folder / "table.csv", "y")]
        found.append(TableClassifier(**plain, memory=1 << 12).fit(folder / "table.csv", "y"))
        return [learned(model, folder / "table.csv") for model in found]

    yield "table files", streamed


def of_parts() -> Iterator[tuple[str, Case]]:
    """What lies below the estimators."""
    from chainrule import Dense, Dropout, EnsembleTrainer, Evaluator, Network, Predictor, Rows, Trainer, losses

    X, y = rows()
    network = Network([Dense(16, "gelu"), Dropout(0.1), Dense(1)], inputs=X.shape[1])
    data = Rows(X, y[:, None])

    def trained(kind: Any, threads: int | None) -> Case:
        def trains(_: Path) -> Any:
            trainer = kind(network, "huber", seed=7, n_threads=threads)
            losses_of = [trainer.epoch(data, 32).loss for _ in range(3)]
            arrays, plain = trainer.state()
            return losses_of, trainer.model.vector, arrays, json.dumps(plain, sort_keys=True)

        return trains

    for threads in (1, 2):
        yield f"trainer {threads}", trained(Trainer, threads)
        yield f"members trainer {threads}", trained(EnsembleTrainer, threads)

    def predicts(_: Path) -> Any:
        parameters, loss = network.init(1), losses.get("squared_error")
        predictor = Predictor(network, parameters, loss)
        look = network.forward(parameters, X)
        back = network.backward(parameters, look, np.ones_like(look.output))
        return (
            predictor(X),
            predictor.sample(X, 5),
            Evaluator(network, parameters, loss)(data),
            look.output,
            back.d_input,
        )

    yield "network", predicts


def of_files() -> Iterator[tuple[str, Case]]:
    """Written by the other commit, read by this one: `folder` is where its files are, and is empty for itself."""
    from chainrule import (
        Checkpoints,
        MLPClassifier,
        MLPRegressor,
        SequenceRegressor,
        TableClassifier,
        TableRegressor,
        load,
    )  # fmt: skip

    X, y = rows()
    table, classes, numbers = frame()
    sets = [X[i : i + 1 + i % 5] for i in range(100)]
    kinds: dict[str, Any] = {
        "MLPClassifier": lambda: (MLPClassifier(max_iter=3, random_state=0).fit(X, y > 0), X),
        "members": lambda: (MLPRegressor(max_iter=3, random_state=0, n_members=2).fit(X, y), X),
        "MLPRegressor": lambda: (MLPRegressor(max_iter=3, random_state=0).fit(X, y).calibrate(X, y), X),
        "SequenceRegressor": lambda: (SequenceRegressor(max_iter=3, random_state=0).fit(sets, y[:100]), sets),
        "TableClassifier": lambda: (TableClassifier(max_iter=2, random_state=0).fit(table, classes), table),
        "TableRegressor": lambda: (TableRegressor(max_iter=2, random_state=0).fit(table, numbers), table),
    }

    def read(name: str) -> Case:
        def reads(folder: Path) -> Any:
            place = folder / f"{name}.model"
            if not place.exists():
                model, _ = kinds[name]()
                model.save(place)
            given = {"Sequ": sets, "Tabl": table}.get(name[:4], X)
            return load(place).predict(given)

        return reads

    for name in kinds:
        yield f"file {name}", read(name)

    def resumed(members: int) -> Case:
        def goes_on(folder: Path) -> Any:
            place, given = folder / f"checkpoints-{members}", {"random_state": 0, "dropout": 0.1, "n_members": members}
            if not place.exists():
                MLPRegressor(**given, max_iter=3, checkpoints=Checkpoints(place)).fit(X, y)
            return learned(MLPRegressor(**given, max_iter=6).fit(X, y, resume_from=place), X)

        return goes_on

    yield "resumed", resumed(1)
    yield "members resumed", resumed(3)


def digests(only: str, files: Path) -> dict[str, str]:
    """Of every case, by its name."""
    warnings.simplefilter("ignore")
    found = {}
    for kinds in (of_parts, of_rows, of_sequences, of_tables, of_files):
        for name, case in kinds():
            if only not in name:
                continue
            with tempfile.TemporaryDirectory() as own:
                try:
                    found[name] = digest(case(files if kinds is of_files else Path(own)))
                except Exception as error:  # what one commit cannot do, the other should not, either
                    found[name] = f"{type(error).__name__}: {error}"[:200]
    return found


def of_tree(source: Path, only: str, files: Path) -> dict[str, str]:
    """The digests that a tree gives, in a process of its own."""
    command = [sys.executable, __file__, "--tree", str(source), "--only", only, "--files", str(files)]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(source / "src")}, stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares fits of every kind with those of another commit.")
    parser.add_argument("commit", nargs="?", default="HEAD")
    parser.add_argument("--only", default="", help="cases whose names hold this")
    parser.add_argument("--tree", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--files", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.tree:
        import chainrule

        assert Path(chainrule.__file__).is_relative_to(asked.tree), chainrule.__file__
        print(json.dumps(digests(asked.only, asked.files)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        other, files = Path(folder, "other"), Path(folder, "files")
        other.mkdir(), files.mkdir()
        archive = subprocess.run(["git", "archive", asked.commit, "src"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", str(other)], input=archive.stdout, check=True)
        before, now = of_tree(other, asked.only, files), of_tree(ROOT, asked.only, files)
    differ = [name for name in before | now if before.get(name) != now.get(name)]
    refused = [name for name, found in now.items() if ": " in found]
    for name in refused:
        print(f"refused by both: {name}: {now[name]}" if name not in differ else f"refused: {name}: {now[name]}")
    for name in differ:
        print(f"differs: {name}: {before.get(name)} and {now.get(name)}")
    print(f"{len(now)} cases, {len(differ)} differ from {asked.commit}")
    return 1 if differ or refused else 0


if __name__ == "__main__":
    sys.exit(main())
