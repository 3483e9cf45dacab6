"""What asking may end in other than an answer. Their texts hold no body of a request or an answer, and so nothing personal."""

from __future__ import annotations

import httpx
from pydantic import ValidationError

from api.problems import MEDIA_TYPE, TYPE_PREFIX, Problem

_SAME_KEY = "Ask again with the same key and the same body: the answer then says what became of it."


class ClientError(Exception):
    """Whatever this client raises of its own. ``key``: the idempotency key of a command, none for a read."""

    def __init__(self, text: str, *, key: str | None) -> None:
        super().__init__(text)
        self.key = key


class ProblemAnswer(ClientError):
    """The service said no (RFC 9457): the ledger refused, or the request was not taken."""

    def __init__(self, problem: Problem, *, key: str | None) -> None:
        said = f"{problem.status} {problem.type}: {problem.detail}"
        super().__init__(" ".join(filter(None, (said, problem.way_out))), key=key)
        self.type = problem.type
        self.title = problem.title
        self.status = problem.status
        self.detail = problem.detail
        self.instance = problem.instance
        self.field = problem.field
        self.value = problem.value
        self.way_out = problem.way_out
        self.transient = problem.transient
        self.position = problem.position

    @property
    def decided(self) -> bool:
        """Whether this says for good that the command under this key was not done. A 401, say, tells nothing of an earlier attempt."""
        return self.position is not None or self.type == f"{TYPE_PREFIX}key-reused"


class NoAnswer(ClientError):
    """A read found no answer in all its attempts. Nothing can have happened by it."""


class OutcomeStillUnknown(ClientError):
    """A command was sent, and all attempts ended without an answer to it: it may have been done or not."""

    def __init__(self, what: str, *, key: str, why: str) -> None:
        super().__init__(f"Whether {what} under key {key!r} was done is unknown: {why}. {_SAME_KEY}", key=key)


class AnswerNotProven(ClientError):
    """The answer does not bear the service's signature over it, so nothing it says counts."""

    def __init__(self, what: str, *, key: str | None, why: str) -> None:
        super().__init__(_with_key(f"The answer to {what} is not proven to be the service's: {why}.", key), key=key)


class AnswerUnreadable(ClientError):
    """Something answered that is not an answer of this API: another service, or a version that this client does not know."""

    def __init__(self, what: str, *, key: str | None, status: int) -> None:
        text = f"The answer {status} to {what} is not one of this API; check the service's address and the version of this client."
        super().__init__(_with_key(text, key), key=key)
        self.status = status


def _with_key(text: str, key: str | None) -> str:
    return text if key is None else f"{text} The command under key {key!r} may have been done. {_SAME_KEY}"


def problem_in(response: httpx.Response) -> Problem | None:
    """The problem an answer carries, if it is one."""
    if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        return None
    try:
        return Problem.model_validate_json(response.content, extra="ignore")
    except ValidationError:
        return None
