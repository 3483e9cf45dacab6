"""The page that says what was wrong and what to do; the same words as the API's problems."""

from __future__ import annotations

from starlette.responses import Response

from api.console.rendering import page
from api.errors import StepUpNeeded
from api.people.sessions import Session
from api.problems import Problem, problem_of


def refused_page(error: Exception, session: Session | None, *, back: str = "/console") -> Response:
    """An error as a page, with its status."""
    problem, kind = problem_of(error)
    response = problem_page(problem, session, back=back, step_up=isinstance(error, StepUpNeeded))
    if kind.retry_after is not None:
        response.headers["Retry-After"] = str(kind.retry_after)
    return response


def problem_page(problem: Problem, session: Session | None, *, back: str, step_up: bool = False) -> Response:
    """A problem as a page, with its status."""
    return page("refused.html", session, status=problem.status, problem=problem, back=back, step_up=step_up)
