"""What a maintainer runs: ``nox -l`` lists it. Every session uses the environment that nox was started from."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "test"]


@nox.session
def lint(session: nox.Session) -> None:
    """Linters and types."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def test(session: nox.Session) -> None:
    """The suites against the solutions, and the selftests."""
    session.run("python", "-m", "pytest", "--target", "solutions", "tests", "selftest", *session.posargs)


@nox.session
def proof(session: nox.Session) -> None:
    """The long proofs."""
    session.run("python", "-m", "pytest", "--target", "solutions", "-m", "proof", "selftest", *session.posargs)


@nox.session
def stubs(session: nox.Session) -> None:
    """Write the stubs anew from the solutions: overwrites exercises."""
    session.run("python", "-m", "kata.course.stubs", "--force")


@nox.session
def notebooks(session: nox.Session) -> None:
    """Make the notebooks anew from stubs and lessons."""
    session.run("python", "-m", "notebooks")


@nox.session
def figures(session: nox.Session) -> None:
    """Draw the figures of the lessons anew: ``nox -s figures -- 2`` for one phase."""
    session.run("python", "-m", "lessons.figures", *session.posargs)
