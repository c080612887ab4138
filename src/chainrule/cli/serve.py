"""`chainrule serve`."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import shared
from chainrule.cli.config import Configured
from chainrule.errors import InputError, MissingExtraError
from chainrule.serving.inference import defaults

if TYPE_CHECKING:
    from chainrule.serving.inference.settings import Settings

_COUNT, _SECONDS = click.IntRange(1), click.FloatRange(0, min_open=True)
#: Options that are limits: their names, types, defaults, and what they say.
LIMITS: tuple[tuple[str, click.ParamType[Any], Any, str], ...] = (
    ("body", _COUNT, defaults.BODY, "Bytes of a request."),
    ("rows", _COUNT, defaults.ROWS, "Rows of a request."),
    ("columns", _COUNT, defaults.COLUMNS, "Columns of a request."),
    ("text", _COUNT, defaults.TEXT, "Characters of a cell."),
    ("depth", _COUNT, defaults.DEPTH, "Lists and objects of JSON inside one another."),
    ("requests", _COUNT, defaults.REQUESTS, "Requests that a worker predicts or that wait; others shall come again."),
    ("seconds", _SECONDS, defaults.SECONDS, "Seconds for an answer."),
    ("reading", _SECONDS, defaults.READING, "Seconds in which a request has to come in."),
    ("held", _COUNT, defaults.HELD, "Bytes of all requests that are coming in or wait, in a worker."),
)


def _limits(command: Any) -> Any:
    for name, kind, usual, about in reversed(LIMITS):
        command = click.option(f"--max-{name}", type=kind, default=usual, show_default=True, help=about)(command)
    return command


@click.command(cls=Configured)
@click.argument("model", nargs=-1, required=True, metavar="MODEL...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 is all.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 lets the system choose."
)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option(
    "--allow-host", multiple=True, metavar="NAME", help="A further name that clients may call it by; * is any."
)
@click.option("--token-file", type=shared.PATH, help="A file with the token that clients have to bear.")
@click.option(
    "--drain", type=click.FloatRange(0), default=0.0, show_default=True,
    help="Seconds in which requests are still taken after SIGTERM, though it is not ready any more.",
)  # fmt: skip
@click.option(
    "--grace", type=click.FloatRange(0), default=30.0, show_default=True, help="Seconds for open requests then."
)
@click.option(
    "--background", multiple=True, metavar="[NAME=]FILE",
    help="A table, such as that of training, whose rows predictions are explained against, by Shapley values.",
)  # fmt: skip
@click.option(
    "--background-rows", type=_COUNT, default=defaults.BACKGROUND, show_default=True, help="So many are drawn of it."
)
@click.option(
    "--max-evaluations", type=_COUNT, default=defaults.EVALUATIONS, show_default=True,
    help="Rows that such explanations of a request predict.",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Load the models, predict a row with each, and end.")
@click.option("--log-requests", is_flag=True, help="A line for each request, without its rows.")
@_limits
@shared.quiet
def serve(
    model: tuple[str, ...],
    host: str,
    port: int,
    workers: int,
    allow_host: tuple[str, ...],
    token_file: Path | None,
    drain: float,
    grace: float,
    background: tuple[str, ...],
    background_rows: int,
    max_evaluations: int,
    check: bool,
    log_requests: bool,
    quiet: bool,
    **limits: Any,
) -> None:
    """Serve models over HTTP.

    Each MODEL is a file, or NAME=FILE, or NAME:VERSION=FILE. Clients of the Open Inference Protocol ask at /v2, plain
    rows go to /predict, those of MLflow's servers to /invocations; /openapi.json tells all of it, / is a page to try.
    SIGHUP reads files that have changed, SIGTERM ends after the last answer.
    """
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to read anew
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # requests are predicted side by side, not their products
    try:
        import prometheus_client  # noqa: F401

        from chainrule.serving.inference import workers as processes
    except ImportError as error:
        raise MissingExtraError(
            "the server", "the packages starlette, uvicorn and prometheus-client", f"none named {error.name}",
            "pip install 'chainrule[serve]'.",
        ) from error  # fmt: skip
    from chainrule.serving.inference.limits import Limits
    from chainrule.serving.inference.repository import places
    from chainrule.serving.inference.settings import Settings

    limited = Limits(**{name.removeprefix("max_"): value for name, value in limits.items()})
    try:
        settings = Settings(
            places(model, background, background_rows, max_evaluations), host, port, workers, allow_host, token_file,
            limited, drain, grace, log_requests,
        )  # fmt: skip
        if check:
            for served in processes.checked(settings):
                shared.tell(f"{served.name}, version {served.version}: {served.model!r}")
            return
        _warn(settings)
        processes.serve(settings, (lambda said: None) if quiet else shared.tell)
    except InputError as error:  # all of which are of options
        raise click.UsageError(str(error), click.get_current_context()) from error


def _warn(settings: Settings) -> None:
    """Say who can reach the server, and who cannot."""
    from chainrule.serving.inference.settings import ANY

    host = settings.host
    if host in ANY and not settings.allowed:
        said = "clients on other machines are refused until --allow-host NAME says by which name they call this server."
        shared.tell(f"chainrule: warning: {said}")
    if not settings.token_file and host not in ("localhost", "::1") and not host.startswith("127."):
        shared.tell("chainrule: warning: whoever reaches this server may ask it: give a --token-file.")
