"""Tables as they come, for the table estimators: words, dates and gaps, generated and real, in the same two halves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import datasets as known

from benchmarks.faults import data
from benchmarks.faults.data import HELD_OUT, TRAINED, Half, Rows, Task
from chainrule import datasets as ours


@dataclass(frozen=True, eq=False)
class TableSplit(Rows):
    """Rows of frames; y class codes, or numbers in their own units."""

    X: pd.DataFrame
    X_held: pd.DataFrame

    def over_columns(self, change: Callable[[pd.DataFrame, NDArray[Any]], pd.DataFrame]) -> TableSplit:
        """With all of X, training rows above held-out rows, changed by a function of X and y."""
        X = change(pd.concat([self.X, self.X_held], ignore_index=True), np.concatenate([self.y, self.y_held]))
        return replace(self, X=X[: len(self.X)], X_held=X[len(self.X) :])


@dataclass(frozen=True)
class RawTable:
    """A name, what y is, the half it belongs to, whether it is of the real world, and what makes columns and y."""

    name: str
    task: Task
    half: Half
    real: bool
    make: Callable[[np.random.Generator], tuple[pd.DataFrame, NDArray[Any]]]


ROWS = 3000


def shop(random: np.random.Generator) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Who buys: by a price with gaps and a long tail, a city, the day of the week, and a word of no meaning."""
    price, city = random.lognormal(3, 1, ROWS), random.integers(0, 12, ROWS)
    day = np.datetime64("2024-01-01") + random.integers(0, 700, ROWS)
    weekend = (day.astype("datetime64[D]").view("int64") - 4) % 7 >= 5
    likes = random.normal(0, 1.5, 12)
    y = (likes[city] + 2 * weekend - 1.2 * (np.log(price) - 3) + random.logistic(0, 0.5, ROWS) > 0).astype(int)
    price[random.random(ROWS) < 0.1] = np.nan
    word = random.choice(["north", "south", "east", "west"], ROWS)
    return pd.DataFrame({"price": price, "city": [f"c{one}" for one in city], "day": day, "word": word}), y


def rides(random: np.random.Generator) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Minutes of a ride: distance over a speed that the hour and the kind of road decide, with a long tail."""
    km, hour = random.gamma(2, 4, ROWS), random.integers(0, 24, ROWS)
    road = random.choice(["street", "motorway", "lane"], ROWS, p=[0.5, 0.3, 0.2])
    speed = pd.Series(road).map({"street": 30.0, "motorway": 90.0, "lane": 20.0}).to_numpy()
    speed = speed * (1 - 0.4 * np.exp(-(((hour - 8) / 2) ** 2)) - 0.4 * np.exp(-(((hour - 17) / 2) ** 2)))
    minutes = 60 * km / speed * random.lognormal(0, 0.2, ROWS)
    return pd.DataFrame({"km": km, "hour": hour, "road": road, "rain": random.random(ROWS) < 0.3}), minutes


def visits(random: np.random.Generator) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Which of four wards: by age, temperature, a complaint of nine words, and how it was brought."""
    age, heat = random.uniform(0, 95, ROWS), random.normal(37.2, 0.9, ROWS)
    complaint, by_car = random.integers(0, 9, ROWS), random.random(ROWS) < 0.4
    of_complaint = random.normal(0, 2, (9, 4))[complaint]
    scores = of_complaint + np.column_stack([(18 - age) / 15, 1.5 * (heat - 37.5), (age - 50) / 20, 2.0 * by_car])
    y = (scores + random.gumbel(0, 0.4, (ROWS, 4))).argmax(axis=1)
    heat[random.random(ROWS) < 0.2] = np.nan
    words = np.array(["pain", "fall", "cough", "burn", "rash", "cut", "faint", "fever", "other"])[complaint]
    return pd.DataFrame({"age": age.round(), "heat": heat.round(1), "complaint": words, "car": by_car}), y


def flats(random: np.random.Generator) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Rents: area times what a quarter costs, by floor, and less where a lift is missing on a high one."""
    area, floor, quarter = random.gamma(6, 12, ROWS), random.integers(0, 9, ROWS), random.integers(0, 20, ROWS)
    lift = random.random(ROWS) < 0.5
    rate = np.exp(random.normal(2.3, 0.3, 20))[quarter]
    rent = area * rate * (1 + 0.03 * floor * np.where(lift, 1, -1)) * random.lognormal(0, 0.1, ROWS)
    since = np.datetime64("1990-01-01") + random.integers(0, 12_000, ROWS)
    names = [f"q{one}" for one in quarter]
    return pd.DataFrame({"area": area, "floor": floor, "quarter": names, "lift": lift, "since": since}), rent


def adult(random: np.random.Generator) -> tuple[pd.DataFrame, NDArray[Any]]:
    """UCI Adult as the package carries it."""
    table = ours.load_adult()
    return pd.DataFrame(dict(table.columns)), (table.target == ">50K").astype(int)


def california(random: np.random.Generator) -> tuple[pd.DataFrame, NDArray[Any]]:
    """California housing as the package carries it."""
    table = ours.load_california_housing()
    return pd.DataFrame(dict(table.columns)), table.target


def diamonds(random: np.random.Generator) -> tuple[pd.DataFrame, NDArray[Any]]:
    """Prices of diamonds by their grades and sizes."""
    table = pd.read_csv(data.DIAMONDS)
    return table.drop(columns="price"), table["price"].to_numpy(np.float64)


def _bundled(load: Callable[..., Any]) -> Callable[[np.random.Generator], tuple[pd.DataFrame, NDArray[Any]]]:
    def make(random: np.random.Generator) -> tuple[pd.DataFrame, NDArray[Any]]:
        X, y = load(return_X_y=True, as_frame=True)
        return X.loc[:, X.nunique() > 1], y.to_numpy()

    return make


SETS: dict[str, RawTable] = {
    one.name: one
    for one in (
        RawTable("shop", "classes", "chosen", False, shop),
        RawTable("rides", "numbers", "chosen", False, rides),
        RawTable("digits, raw", "classes", "chosen", True, _bundled(known.load_digits)),
        RawTable("california, raw", "numbers", "chosen", True, california),
        RawTable("visits", "classes", "reported", False, visits),
        RawTable("flats", "numbers", "reported", False, flats),
        RawTable("adult, raw", "classes", "reported", True, adult),
        RawTable("diamonds, raw", "numbers", "reported", True, diamonds),
    )
}


def names(half: Half, tasks: tuple[Task, ...] = ("classes", "numbers")) -> tuple[str, ...]:
    """The tables of a half that have one of these tasks."""
    return tuple(one.name for one in SETS.values() if one.half == half and one.task in tasks)


@cache
def load(name: str) -> TableSplit:
    """The rows of a table, shuffled; nothing else is done to them."""
    chosen = SETS[name]
    random = np.random.default_rng(0)
    X, y = chosen.make(random)
    order = random.permutation(len(y))[: TRAINED + HELD_OUT]
    X, y = X.iloc[order].reset_index(drop=True), y[order].astype(np.int64 if chosen.task == "classes" else np.float64)
    trained = min(TRAINED, 2 * len(y) // 3)
    return TableSplit(chosen.task, X[:trained], y[:trained], X[trained:], y[trained:])
