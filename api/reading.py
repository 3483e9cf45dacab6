"""A read over HTTP: one snapshot of the projections, taken at a boundary of the log that the answer names.

``at_least`` asks for what has been written up to a log position, such as the one a command was answered with; the read waits for the
projections to come so far. ``as_of`` goes back to the last boundary at or before a position or an instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from api.authentication import Caller
from api.errors import RequestInvalid
from api.idempotency import CorridorCode, json_answer, position_header
from api.partner_view import oversees
from api.projecting import Projector
from ledger.bootstrap import Service
from ledger.eventstore.log import Log
from ledger.projections.snapshot import AsOf, Snapshot, snapshot
from ledger.projections.waiting import at_least as wait_for

PAGE_MAX = 500

AtLeast = Annotated[
    int | None, Query(ge=0, le=2**62, description="A log position that the answer must reach, such as one a command was answered with.")
]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
AsOfText = Annotated[
    str | None,
    Query(
        max_length=40,
        description="A log position, or an instant (RFC 3339): the answer is taken at the last boundary at or before it.",
        examples=["1208", "2026-03-27T09:00:00Z"],
    ),
]


class Looking:
    """One read: the service, who asks, and from which position on the answer may be taken."""

    def __init__(self, request: Request, at_least: int | None) -> None:
        self.service: Service = request.app.state.service
        self.caller: Caller = request.state.caller
        self._projector: Projector = request.app.state.projector
        self._wait_seconds_max: float = request.app.state.wait_seconds_max
        self._at_least = at_least

    @property
    def principal(self) -> str:
        return self.caller.principal

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The projections as they are, or as soon as they have come as far as was asked. Raises ReadTooEarly."""
        corridor = self.caller.corridor
        self._projector.follow(corridor)
        if self._at_least is not None:
            self._check_written(corridor, self._at_least)
            wait_for(
                self.service.pool, self._projector.listener, corridor, self._at_least, self._wait_seconds_max, hurry=self._projector.hurry
            )
        with snapshot(self.service.pool, corridor, None if oversees(self.principal) else self.principal) as at:
            yield at

    def _check_written(self, corridor: str, position: int) -> None:
        """Whoever asks for what was never written would wait for nothing."""
        head = Log(self.service.pool, corridor).head().position
        if position > head:
            raise RequestInvalid(
                f"The log ends at position {head}.", field="at_least", value=str(position), way_out="Send a position that an answer gave."
            )

    def answer(self, body: BaseModel, position: int, *, keep_none: bool = False) -> Response:
        """The answer, with the boundary it was taken at in its header too."""
        return json_answer(body, position_header(position), keep_none=keep_none)


def looking(request: Request, _corridor: CorridorCode, at_least: AtLeast = None) -> Looking:
    """A read of the corridor in the path."""
    return Looking(request, at_least)


Look = Annotated[Looking, Depends(looking)]


def read_as_of(text: str | None) -> AsOf:
    """What ``as_of`` says. Raises RequestInvalid."""
    if text is None:
        return None
    if text.isascii() and text.isdecimal() and len(text) < 19:
        return int(text)
    with suppress(ValueError, OverflowError):
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    raise RequestInvalid(
        "as_of is neither a log position nor an instant with its offset.",
        field="as_of",
        value=text[:40],
        way_out="Send digits, or RFC 3339 such as 2026-03-27T09:00:00Z.",
    )


def read_cursor(text: str | None) -> tuple[int, int]:
    """Where a page goes on: two numbers that a page before it gave as ``next``. Raises RequestInvalid."""
    if text is None:
        return 0, 0
    first, _, second = text.partition("-")
    if all(part.isascii() and part.isdecimal() and len(part) < 19 for part in (first, second)):
        return int(first), int(second)
    raise RequestInvalid(
        "The cursor is not one that a page gave.", field="cursor", value=text[:40], way_out="Send the `next` of the page before, unchanged."
    )


def next_cursor(first: int, second: int = 0) -> str:
    """What `read_cursor` reads."""
    return f"{first}-{second}"


Cursor = Annotated[str | None, Query(max_length=40, description="The `next` of the page before; left out for the first page.")]
