"""What a client is told where its request cannot be answered: a status, a sentence, and where in its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.errors import CellError, InputError, InputTypeError, MissingExtraError

#: Letters of a cell that are sent back.
SHOWN = 100
#: Seconds after which it may be tried again.
RETRY = 1


class Problem(Exception):
    """A request that is not answered as it wanted.

    Parameters
    ----------
    status : of HTTP
    said : what is wrong, and how to mend it
    details : more of it as data: column, row, cell
    headers : of the answer

    Examples
    --------
    >>> from chainrule.serving.inference.problems import Problem
    >>> Problem(422, "no rows", row=3).content()
    {'error': 'no rows', 'row': 3}
    """

    def __init__(self, status: int, said: str, headers: Mapping[str, str] | None = None, **details: Any) -> None:
        super().__init__(said)
        self.status, self.said, self.headers, self.details = status, said, dict(headers or {}), details

    def content(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"error": self.said, **self.details}


def malformed(said: str) -> Problem:
    """A request that is not what its protocol says."""
    return Problem(400, said)


def unfit(said: str, **details: Any) -> Problem:
    """Rows that the model cannot take, or that are more than the server takes."""
    return Problem(422, said, **details)


def busy(said: str) -> Problem:
    """A request that may be tried again."""
    return Problem(503, said, {"Retry-After": str(RETRY)})


def checked_coverage(value: Any) -> float | None:
    """A coverage of intervals that a client asks for, None where none; what is no number between 0 and 1 is refused."""
    if value is not None and not (isinstance(value, (int, float)) and 0 < value < 1):
        raise unfit(f"coverage: expected a number between 0 and 1; received {str(value)[:40]!r}.")
    return value


def cell(column: str, row: int, expected: str, received: str, mend: str) -> Problem:
    """One cell that cannot be taken."""
    said = f"column {column!r}, row {row}: expected {expected}; received {received}. {mend}"
    return unfit(said, column=column, row=row, cell=received[:SHOWN], remedy=mend)


def problem(error: BaseException) -> Problem | None:
    """What an error of reading or predicting rows means to a client; None of what is a defect of ours."""
    match error:
        case Problem():
            return error
        case CellError():
            where: dict[str, Any] = {"column": error.column}
            if error.row >= 0:
                where |= {"row": error.row, "cell": error.cell[:SHOWN]}
            return unfit(str(error), **where, remedy=error.args[3])
        case InputError() | InputTypeError():
            return unfit(str(error), remedy=error.args[3])
        case MissingExtraError():
            return Problem(415, str(error))
        case MemoryError():
            return Problem(413, "the rows do not fit in memory. Send fewer at a time.")
    return None
