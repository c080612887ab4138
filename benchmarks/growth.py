"""How the time of a training step grows with batch, width and depth, and that of an epoch with rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median

from benchmarks.cases import Case, data
from benchmarks.peers.chainrule_peer import make

ROUNDS = 5


def seconds_per_epoch(case: Case, batches: int) -> float:
    """Median seconds of an epoch of this many batches."""
    epoch = make(case, *data(case, batches, seed=0))
    return median(epoch() for _ in range(ROUNDS))


def rows_of(name: str, values: Iterable[int], build: Callable[[int], tuple[Case, int]]) -> list[str]:
    """One Markdown row per value: time, and its growth over the value before."""
    lines, before = [], None
    for value in values:
        case, batches = build(value)
        seconds = seconds_per_epoch(case, batches)
        shown = seconds * 1e6 if name == "rows" else seconds / batches * 1e6
        growth = "" if before is None else f"{shown / before:.2f}"
        lines.append(f"| {name} | {value:,} | {shown:,.0f} | {growth} |")
        before = shown
    return lines


def main() -> None:
    """Print the growth table: every line doubles what it names (depth and rows too)."""
    print("| what doubles | to | µs (epoch for rows, else step) | times the line before |")
    print("|---|---:|---:|---:|")
    tables = (
        rows_of("rows", (8_192, 16_384, 32_768, 65_536), lambda n: (Case("", (64, 128, 128, 2), 256), n // 256)),
        rows_of("batch", (64, 128, 256, 512, 1024), lambda n: (Case("", (64, 256, 256, 10), n), 40)),
        rows_of("width", (64, 128, 256, 512, 1024), lambda n: (Case("", (64, n, n, 10), 256), 20)),
        rows_of("depth", (2, 4, 8, 16, 32), lambda n: (Case("", (64, *[128] * n, 10), 256), 20)),
    )
    for lines in tables:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
