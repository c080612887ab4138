"""A table among the workers of a cluster: surveyed, and coded, place by place, by tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from chainrule.estimators.table.streaming import FileSource
from chainrule.tables.files import PlacedFile, TableFile
from chainrule.tables.learn import Said
from chainrule.tables.survey import Survey, joined, look_at, survey
from chainrule.tables.table_file import STEP
from chainrule.training.batches import Rows
from chainrule.training.divided import Divided, Unit
from chainrule.training.elsewhere import Cluster
from chainrule.training.streamed import Piece, some

#: Units of a round, of a worker; and of a worker in all at most, so that very many rows come in larger ones.
OF_A_ROUND, OF_A_WORKER = 4, 256


def surveyed(file: TableFile, target: str, said: Said, seed: int, cluster: Cluster | None) -> Survey:
    """A survey of a file, whose places are looked at by tasks where there is a cluster; it finds the same."""
    if cluster is None or not isinstance(file, PlacedFile):
        return survey(file, target, said, seed)
    tasks = cluster.tasks
    given = tasks.put((file, target, said, seed))
    found = [tasks.submit(_look, given, numbers) for numbers in _lots(file, cluster.division.workers)]
    return joined(tasks.get([one])[0] for one in found)


def divided(source: FileSource, sample: Piece, size: int, cluster: Cluster, seed: int) -> Divided:
    """The rows of a file, coded and divided.

    Parameters
    ----------
    sample : a few of the rows
    size : of a worker's batch
    seed : of who has which
    """
    units = _units(source, _rows_of_a_unit(source.rows, size, cluster), cluster)
    return Divided(_dealt(units, cluster.division.workers, seed), sample, cluster.division, source.expansion)


def divided_rows(rows: Rows, size: int, cluster: Cluster, seed: int) -> Divided:
    """Rows in memory, divided."""
    chosen = np.arange(len(rows.y)) if rows.subset is None else rows.subset
    whole = Piece(rows.X.values, rows.y, rows.weight)
    order = np.random.default_rng([seed, 2]).permutation(chosen)
    count = max(cluster.division.workers, round(len(order) / _rows_of_a_unit(len(order), size, cluster)))
    units = (some(whole, part) for part in np.array_split(order, min(count, len(order))))
    parts = _dealt(_put(units, cluster), cluster.division.workers, seed)
    return Divided(parts, some(whole, np.sort(order[:STEP])), cluster.division, rows.X.expansion)


def _look(given: tuple[PlacedFile, str, Said, int], numbers: Sequence[int]) -> Survey:
    """Of some places that follow one another."""
    file, target, said, seed = given
    return joined(look_at(file, number, file.firsts[number], target, said, seed) for number in numbers)


def _code(source: FileSource, number: int, first: int, count: int) -> Piece | list[Piece]:
    """The rows at a place in so many units, the rows of each far apart; or the one."""
    whole = together(source.pieces_at(number, first))
    return whole if count == 1 else [some(whole, slice(start, None, count)) for start in range(count)]


def together(pieces: Iterable[Piece]) -> Piece:
    """Pieces one behind the other."""
    values, y, weight = zip(*pieces, strict=True)
    return Piece(np.concatenate(values), np.concatenate(y), None if weight[0] is None else np.concatenate(weight))


def _units(source: FileSource, rows: int, cluster: Cluster) -> list[Unit]:
    """All rows that are not held out, in units of about so many."""
    file, tasks = source.file, cluster.tasks
    if not isinstance(file, PlacedFile):
        pieces = (some(piece, part) for piece in source.pieces(None) for part in _parts(len(piece.y), rows))
        return _put(pieces, cluster)
    found, handle = list[Unit](), tasks.put(source)
    for number, (place, first) in enumerate(zip(file.places, file.firsts, strict=True)):
        kept = source.rows_at(first, place.rows)
        if not kept:
            continue
        count = max(1, round(kept / rows))
        handles = tasks.submit(_code, handle, number, first, count, returns=count)
        sizes = [len(range(start, kept, count)) for start in range(count)]
        found += [Unit(*one) for one in zip(handles if count > 1 else [handles], sizes, strict=True)]
    return found


def _put(pieces: Iterable[Piece], cluster: Cluster) -> list[Unit]:
    return [Unit(cluster.tasks.put(piece), len(piece.y)) for piece in pieces if len(piece.y)]


def _dealt(units: Sequence[Unit], workers: int, seed: int) -> list[list[Unit]]:
    """Units by worker: in a drawn order, each to the first of those who have the fewest rows."""
    found, rows = [list[Unit]() for _ in range(workers)], np.zeros(workers, np.int64)
    for number in np.random.default_rng([seed, 3]).permutation(len(units)):
        least = int(rows.argmin())
        found[least].append(units[number])
        rows[least] += units[number].rows
    return found


def _rows_of_a_unit(rows: int, size: int, cluster: Cluster) -> int:
    division = cluster.division
    return max(1, size * division.steps // OF_A_ROUND, rows // (division.workers * OF_A_WORKER))


def _parts(rows: int, size: int) -> list[np.ndarray]:
    """Numbers of rows, by turns in parts of about `size`."""
    count = max(1, round(rows / size))
    return [np.arange(start, rows, count) for start in range(count)]


def _lots(file: PlacedFile, workers: int) -> list[range]:
    """Places that are looked at by one task: of about so many rows that each worker has several."""
    rows = sum(place.rows for place in file.places)
    most, found, start, count = max(STEP, rows // (4 * workers)), list[range](), 0, 0
    for number, place in enumerate(file.places):
        count += place.rows
        if count >= most:
            found.append(range(start, number + 1))
            start, count = number + 1, 0
    return [*found, *([range(start, len(file.places))] if start < len(file.places) else [])]
