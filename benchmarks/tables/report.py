"""What is printed: a table for each set, who wins, geometric means of ratios, and the same beside an earlier day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from benchmarks.tables.results import Results, Run, geometric_mean, loss, mean

#: Of a task: its losses as (title, key, form).
SCORES = {
    "classification": (("log loss", "log_loss", ".4f"), ("error", "error", ".4f"), ("ECE", "ece", ".4f")),
    "regression": (("RMSE", "rmse", "#.5g"), ("R2", "r2", ".4f")),
}
COSTS: tuple[tuple[str, Callable[[Run], float], str], ...] = (
    ("fit, s", lambda run: run["fit_seconds"], ",.1f"),
    ("CPU, s", lambda run: run["fit_cpu_seconds"], ",.1f"),
    ("peak, MiB", lambda run: run["peak_mib"], ",.0f"),
    ("one row, ms", lambda run: run["one_row_seconds"] * 1e3, ",.2f"),
    ("rows a second", lambda run: run["predicted_rows"] / run["predict_seconds"], ",.0f"),
    ("file, KiB", lambda run: run["file_bytes"] / 1024, ",.0f"),
)

Value = Callable[[Run], float]
Lines = Iterator[str]


def whole(results: Results, against: str) -> Lines:
    """All tables of a day."""
    for name in results.names("set"):
        yield from of_set(results, name)
    yield from wins(results)
    yield from beside(results, against)
    if results.looks:
        yield f"\nTest rows have been looked at {len(results.looks)} times, as this file knows."


def of_set(results: Results, name: str) -> Lines:
    """Means over the seeds, a row a model."""
    runs = [run for run in results.runs if run["set"] == name]
    known = [run for run in runs if "scores" in run]
    if not known:
        yield f"\n### {name}\n"
        yield from (f"- {run['model']}, seed {run['seed']}: {run['failed']}" for run in runs)
        return
    one, scores = known[0], SCORES[known[0]["task"]]
    rows = f"{one['train_rows']:,} rows of {one['columns']} columns, {one['scored_rows']:,} scored ({one['score']})"
    dropped = f", {one['rows_without_target']:,} left out for want of a target" if one["rows_without_target"] else ""
    yield f"\n### {name}: {one['task']}, {rows}{dropped}, threads: {one['threads']}\n"
    yield from head([title for title, *_ in (*scores, *COSTS)], "model")
    for model in dict.fromkeys(run["model"] for run in runs):
        mine, scored = [run for run in runs if run["model"] == model], list(results.seeds(name, model).values())
        failed = [f"seed {run['seed']}: {run['failed']}" for run in mine if "failed" in run]
        cells = [
            *(format(mean(run["scores"][key] for run in scored), form) for _, key, form in scores if scored),
            *(format(mean(map(value, scored)), form) for _, value, form in COSTS if scored),
        ]
        told = f" ({'; '.join(failed)})" if failed else ""
        yield row([model + told, *(cells or [""] * (len(scores) + len(COSTS)))])


def ratios(results: Results, model: str, base: str, value: Value, task: str | None = None) -> dict[str, float]:
    """Set -> mean of the model over that of another, both over the seeds that both have."""
    found = {}
    for name in results.names("set"):
        ours, theirs = results.seeds(name, model), results.seeds(name, base)
        both = [seed for seed in ours if seed in theirs]
        if both and task in (None, ours[both[0]]["task"]):
            found[name] = mean(value(ours[seed]) for seed in both) / mean(value(theirs[seed]) for seed in both)
    return found


def wins(results: Results) -> Lines:
    """Sets that the model of a row wins and loses against that of a column, by log loss or RMSE."""
    models = results.names("model")
    if len(models) < 2:
        return
    yield "\n### Sets won and lost, by log loss or RMSE\n"
    yield from head(models, "")
    for model in models:
        cells = []
        for other in models:
            found = ratios(results, model, other, loss).values()
            won, lost = sum(one < 1 for one in found), sum(one > 1 for one in found)
            cells.append("" if model == other else f"{won}:{lost}")
        yield row([model, *cells])


def beside(results: Results, base: str) -> Lines:
    """Ratios to one model: below 1 the other is better, or quicker."""
    models = [model for model in results.names("model") if model != base]
    if base not in results.names("model") or not models:
        return
    yield f"\n### Ratios to {base}: geometric means over sets, below 1 is better\n"
    yield from head(
        ["sets", "loss", "log loss", "RMSE", "best", "worst", "CPU of the fit", "one row", "rows at once"], "model"
    )
    for model in models:
        found = ratios(results, model, base, loss)
        of_classes = ratios(results, model, base, loss, "classification")
        of_numbers = ratios(results, model, base, loss, "regression")
        costs = [
            ratios(results, model, base, value)
            for value in (
                lambda run: run["fit_cpu_seconds"],
                lambda run: run["one_row_seconds"],
                lambda run: run["predict_seconds"],
            )
        ]
        yield row([
            model, str(len(found)), _geometric(found), _geometric(of_classes), _geometric(of_numbers),
            _extreme(found, min), _extreme(found, max), *(_geometric(cost, ".2f") for cost in costs),
        ])  # fmt: skip


def compared(now: Results, earlier: Results) -> Lines:
    """Ratios of now to an earlier day, for what both have: a row for each set and model, and means for each model."""
    values: tuple[Value, ...] = (
        loss,
        lambda run: run["fit_cpu_seconds"],
        lambda run: run["peak_mib"],
        lambda run: run["one_row_seconds"],
        lambda run: run["predict_seconds"],
        lambda run: run["file_bytes"],
    )
    titles = ["log loss or RMSE", "CPU of the fit", "peak", "one row", "rows at once", "file"]
    yield "\n### Now over earlier: below 1 is better\n"
    yield from head(["model", *titles], "set")
    of_models: dict[str, list[list[float]]] = {}
    for name in now.names("set"):
        for model in now.names("model"):
            new, old = now.seeds(name, model), earlier.seeds(name, model)
            both = [seed for seed in new if seed in old and _same_conditions(new[seed], old[seed])]
            if both:
                cells = [mean(value(new[s]) for s in both) / mean(value(old[s]) for s in both) for value in values]
                of_models.setdefault(model, []).append(cells)
                yield row([name, model, *(f"{cell:.4f}" if i == 0 else f"{cell:.2f}" for i, cell in enumerate(cells))])
    for model, rows in of_models.items():
        cells = [geometric_mean(column) for column in zip(*rows, strict=True)]
        yield row(
            [
                f"mean of {len(rows)}",
                model,
                *(f"{cell:.4f}" if i == 0 else f"{cell:.2f}" for i, cell in enumerate(cells)),
            ]
        )
    if not of_models:
        yield "\nNothing is in both: a run counts as the same by set, model, seed, score, rows and threads."


def _same_conditions(new: Run, old: Run) -> bool:
    return all(new[name] == old[name] for name in ("score", "rows", "threads"))


def _geometric(found: dict[str, float], form: str = ".4f") -> str:
    return format(geometric_mean(found.values()), form) if found else ""


def _extreme(found: dict[str, float], which: Callable[..., str]) -> str:
    if not found:
        return ""
    name = which(found, key=lambda one: found[one])
    return f"{found[name]:.3f} ({name})"


def head(titles: Sequence[str], first: str) -> Lines:
    """The two lines above a Markdown table, whose first column has words."""
    yield row([first, *titles])
    yield "|---|" + "---:|" * len(titles)


def row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
