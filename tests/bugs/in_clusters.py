"""Bugs of fits and predictions by tasks, in whatever room they are."""

from bug import Bug

ROUNDS, FITS = "tests/training/test_rounds.py", "tests/estimators/test_cluster.py"

BUGS = [
    Bug(
        "training/rounds.py",
        "self._velocity *= momentum",
        "pass",
        ROUNDS,
        "the outer momentum does not fade",
    ),
    Bug(
        "training/rounds.py",
        "member.vector[trained] = after",
        "member.vector[trained] = before",
        ROUNDS,
        "the outer step is not taken",
    ),
    Bug(
        "training/rounds.py",
        "part = other.weight / (one.weight + other.weight)",
        "part = 0.5",
        ROUNDS,
        "workers of few rows count as much as those of many",
    ),
    Bug(
        "training/rounds.py",
        "if number < len(self._passed):  # as a checkpoint has it",
        "if False:",
        ROUNDS,
        "a fit that goes on within an epoch does its rounds again",
    ),
    Bug(
        "training/rounds.py",
        "(seed, *place, worker)",
        "(seed, *place)",
        ROUNDS,
        "all workers draw the same",
    ),
    Bug(
        "training/rounds.py",
        "np.flatnonzero(rows.weight[:count])",
        "np.arange(count)",
        ROUNDS + " -k weigh_nothing",
        "rows that weigh nothing are trained on",
        missed="what weighs nothing is dropped once more where workers are joined",
    ),
    Bug(
        "training/making.py",
        'bench.trainer.load(arrays, {**data, "streams": drawn.state()})',
        'bench.trainer.parameters.vector[...] = arrays["parameters"]',
        ROUNDS + " tests/training/test_apart.py",
        "moments and streams of the task before stay in a trainer",
    ),
    Bug(
        "training/trainer.py",
        "if self._bound is not None:\n            self._seed_noise(self._bound[0])",
        "pass",
        "tests/training/test_apart.py",
        "dropout goes on as in the task before",
    ),
    Bug(
        "training/apart.py",
        'self.streams.load(first.data["streams"])',
        "pass",
        "tests/training/test_apart.py",
        "each epoch has the order of the first",
    ),
    Bug(
        "training/apart.py",
        'self.parameters.members[place].vector[...] = done.arrays["parameters"]',
        'self.parameters.members[0].vector[...] = done.arrays["parameters"]',
        "tests/training/test_apart.py",
        "what all members have learned goes to the first",
    ),
    Bug(
        "training/divided.py",
        "return math.ceil(rows / max(1, round(rows / size)))",
        "return size",
        ROUNDS,
        "the last batch of a round may have a few rows",
    ),
    Bug(
        "estimators/table/dividing.py",
        "slice(start, None, count)",
        "slice(start * (len(whole.y) // count), (start + 1) * (len(whole.y) // count))",
        FITS + " -k of_one_worker",
        "rows at the end of a place are lost",
    ),
    Bug(
        "estimators/table/streaming.py",
        "if now != self.stamps[number]:",
        "if now.size != self.stamps[number].size:",
        FITS + " -k changes",
        "a file that was written to with as many bytes goes unnoticed",
    ),
    Bug(
        "models/writing.py",
        "prediction.remove_others(files)",
        "pass",
        FITS + " -k shorter",
        "files of a longer run stay among those of a shorter one",
    ),
    Bug(
        "models/writing.py",
        "column.cast(types[name]) if name in types else column",
        "column",
        FITS + " -k type_of_its_source",
        "whole numbers that are kept become fractions",
    ),
    Bug(
        "models/several.py",
        "self.until is None and not isinstance(self.rows, Streamed | Divided)",
        "self.until is None",
        FITS,
        "kinds of networks that go in rounds take turns at once",
        missed="tests have no table that is divided and has several kinds",
    ),
]
