"""When a question is asked again, and when not: all of it, without doing any of it.

`Line.attempts` says what to do next: send a request, or wait. Whoever drives it sends back what came of it, so that the same decisions
serve a thread and an event loop, and a test needs neither a network nor time.

Lost connections, timeouts, 408, 425, 429, 5xx and a 409 with Retry-After say nothing of the outcome: the same key and the same bytes go
out again under a new signature. Every other answer ends it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from api.corridor_client.asked import Asked
from api.corridor_client.failures import (
    AnswerNotProven,
    AnswerUnreadable,
    NoAnswer,
    OutcomeStillUnknown,
    ProblemAnswer,
    problem_in,
)
from api.signing import RequestSigner, idempotency_key
from ledger.clock import Clock, system_clock

T = TypeVar("T")
Outcome = httpx.Response | httpx.RequestError | None
Step = httpx.Request | float
AnswerCheck = Callable[[httpx.Request, httpx.Response], None]
"""Raises ValueError, saying why, unless the answer is proven to be the service's answer to this request."""

_SAYS_NOTHING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to ask and how long to wait in between, in seconds: twice as long each time, half of it left to chance.

    Retry-After is never cut short: one that is longer than ``longest_wait`` ends the asking.
    """

    attempts: int = 6
    first_wait: float = 0.5
    longest_wait: float = 30.0

    def wait(self, attempt: int, chance: float) -> float:
        """After the attempt of this number, from 1; ``chance`` from 0 to 1."""
        whole = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))
        return whole * (1 + chance) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """The way to one corridor of one service; ``check`` is asked about each answer that ends the asking.

    ``chance`` gives numbers from 0 to 1; it spreads clients that wait for the same service.
    """

    url: str
    signer: RequestSigner
    patience: Patience = Patience()
    check: AnswerCheck | None = None
    clock: Clock = system_clock
    chance: Callable[[], float] = random.random

    def attempts(self, asked: Asked[T]) -> Generator[Step, Outcome, T]:
        """Yields requests to send and seconds to wait; returns the answer. Raises what `failures` lists."""
        lost: httpx.RequestError | None = None
        unknown = False
        number = 0
        while True:
            number += 1
            request = self._request(asked)
            outcome = yield request
            if isinstance(outcome, httpx.Response):
                if not _says_nothing(outcome):
                    return self._answer(asked, request, outcome, unknown=unknown)
                lost, why = None, f"status {outcome.status_code}"
                wait = max(self.patience.wait(number, self.chance()), self._retry_after(outcome))
            else:
                assert outcome is not None
                lost, why = outcome, type(outcome).__name__
                wait = self.patience.wait(number, self.chance())
            unknown = True
            if number >= self.patience.attempts or wait > self.patience.longest_wait:
                raise _given_up(asked, f"{why} at attempt {number}", outcome) from lost
            yield wait

    def _request(self, asked: Asked[Any]) -> httpx.Request:
        # What is signed is what is read: no transfer coding of the body in between.
        headers = {"Accept": asked.accept, "Accept-Encoding": "identity"}
        if asked.key is None:
            request = httpx.Request(asked.method, self.url + asked.path, params=asked.params or None, headers=headers)
        else:
            headers |= {"Content-Type": asked.content_type} | idempotency_key(asked.key)
            request = httpx.Request(
                asked.method, self.url + asked.path, params=asked.params or None, headers=headers, content=asked.content
            )
        self.signer.sign(request)
        return request

    def _answer(self, asked: Asked[T], request: httpx.Request, response: httpx.Response, *, unknown: bool) -> T:
        if self.check is not None:
            try:
                self.check(request, response)
            except ValueError as fault:
                raise AnswerNotProven(str(asked), key=asked.key, why=str(fault)) from None
        problem = problem_in(response)
        if problem is not None:
            answer = ProblemAnswer(problem, key=asked.key)
            if unknown and asked.key is not None and not answer.decided:
                # This request was turned away before its key was looked up; an earlier one may have been done all the same.
                raise OutcomeStillUnknown(str(asked), key=asked.key, why=f"an attempt was lost, then came {problem.type}") from answer
            raise answer
        if response.is_success:
            try:
                return asked.read(response.content)
            except ValidationError:
                pass
        raise AnswerUnreadable(str(asked), key=asked.key, status=response.status_code)

    def _retry_after(self, response: httpx.Response) -> float:
        """Seconds (RFC 9110 §10.2.3: a number or a date); none when it says nothing that can be read."""
        text = response.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdecimal():
            return float(text)
        try:
            instant = parsedate_to_datetime(text)
        except ValueError:
            return 0.0
        return max(0.0, (instant.replace(tzinfo=instant.tzinfo or UTC) - self.clock()).total_seconds())


def _says_nothing(response: httpx.Response) -> bool:
    status = response.status_code
    return status >= 500 or status in _SAYS_NOTHING or (status == 409 and "Retry-After" in response.headers)


def _given_up(asked: Asked[Any], why: str, outcome: Outcome) -> Exception:
    if asked.key is not None:
        return OutcomeStillUnknown(str(asked), key=asked.key, why=why)
    problem = problem_in(outcome) if isinstance(outcome, httpx.Response) else None
    if problem is not None:
        return ProblemAnswer(problem, key=None)
    return NoAnswer(f"{asked} found no answer: {why}. Ask again later.", key=None)
