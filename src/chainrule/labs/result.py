"""What an experiment gives: a table, a sentence, figures, and a picture that is drawn when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.labs import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Cell = str | int | float


@dataclass(frozen=True)
class Result:
    """What was measured.

    Attributes
    ----------
    columns : names, with units
    rows : tuples of text and numbers, one entry per column
    seen : one sentence
    figures : name -> number; the conditions of the lab are about these
    draw : draws the picture into a matplotlib Figure
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    seen: str
    figures: Mapping[str, float]
    draw: Callable[[Figure], None] = field(repr=False, compare=False)

    def __str__(self) -> str:
        """The table and the sentence."""
        return f"{self.table()}\n\n{self.seen}"

    def table(self) -> str:
        """The table as text, numbers to the right."""
        texts = [self.columns, *(tuple(map(number, row)) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        right = [any(not isinstance(cell, str) for cell in column) for column in zip(*self.rows, strict=True)]
        lines = [
            "  ".join(
                cell.rjust(width) if numeric else cell.ljust(width)
                for cell, width, numeric in zip(row, widths, right, strict=True)
            ).rstrip()
            for row in texts
        ]
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])

    def picture(self) -> Figure:
        """A new matplotlib Figure with the picture in it.

        Raises
        ------
        MissingExtraError
            Where matplotlib is not installed.
        """
        figure = paper.blank()
        with paper.look():
            self.draw(figure)
        return figure

    def save(self, path: str | Path) -> None:
        """Write the picture, as the ending says: .png, .svg or .pdf.

        Raises
        ------
        InputError
            For another ending.
        MissingExtraError
            Where matplotlib is not installed.
        """
        place = Path(path)
        paper.check_ending(place, f"save({str(path)!r})")
        paper.write(self.picture(), place)


def number(value: Cell) -> str:
    """A cell as people read it: counts with commas, other numbers with three digits.

    Examples
    --------
    >>> from chainrule.labs.result import number
    >>> number(12345), number(0.123456), number(1e-12), number("relu"), number(2.0)
    ('12,345', '0.123', '1e-12', 'relu', '2')
    """
    match value:
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"
    return value
