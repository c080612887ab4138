#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox>=2025.2.9"]
# ///
"""The targets of make by nox, for those who have it: `nox -s lint tests`. What they do stands in the Makefile."""

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "none"


@nox.session
def lint(session: nox.Session) -> None:
    """Format, lint, types."""
    session.run("make", "lint", external=True)


@nox.session
def tests(session: nox.Session) -> None:
    """The tests."""
    session.run("make", "test", external=True)


@nox.session(default=False)
def dist(session: nox.Session) -> None:
    """Wheel and sdist, built and checked."""
    session.run("make", "dist", external=True)


if __name__ == "__main__":
    nox.main()
