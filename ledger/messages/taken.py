"""The answer to a message of any kind: what became of each of its transactions, and the message that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from ledger.iso20022.errors import UnexpectedMessage

REJECTED = "RJCT"
# ExternalPaymentTransactionStatus1Code for what is taken note of and has no status of its own.
NOTED = "ACCP"

Status = Literal["accepted", "part", "rejected"]

Progress = Callable[[int, int], None]
"""Told, while a long message is taken in, how many of its transactions of how many have their answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one transaction of a message; ``index`` counts from 1.

    ``status`` is what its sender is told in the words of ISO 20022: ACTC, ACSP, PDNG or RJCT, and for a message that is taken note of
    without a status of its own, ACCP. For RJCT ``reason`` is the ExternalStatusReason1Code, ``rule`` the id of the rule it broke or the
    code of the refusal, ``field`` the input at fault and ``sentence`` what to do; nothing personal is in them. ``position`` is where the
    answer stands in the log, None where the transaction could not be read and left nothing there. ``uetr`` is the transfer's that it
    speaks of.
    """

    index: int
    uetr: UUID | None
    instruction_id: str | None
    end_to_end_id: str | None
    status: str
    reason: str = ""
    rule: str = ""
    field: str = ""
    sentence: str = ""
    position: int | None = None
    replayed: bool = False

    @property
    def rejected(self) -> bool:
        return self.status == REJECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The answer to a message as a whole, its transactions in the message's order.

    ``message`` is its kind, such as ``pacs.008``; ``version`` what it was read as, such as ``pacs.008.001.08``. ``received_at`` is when
    it first came; ``recognised`` that it had come before, so that nothing was added. ``reply`` is the message of ours that answers it, the
    same bytes each time; None for a kind that has no answer.
    """

    message: str
    version: str
    message_id: str
    received_at: datetime
    recognised: bool
    items: tuple[Outcome, ...]
    reply: bytes | None = None

    @property
    def status(self) -> Status:
        """What became of it: ``part`` where some of its transactions were rejected and others not."""
        return status_of(self.items)

    @property
    def accepted(self) -> tuple[Outcome, ...]:
        """The transactions that were taken, those that wait among them."""
        return tuple(item for item in self.items if not item.rejected)

    @property
    def rejected(self) -> tuple[Outcome, ...]:
        return tuple(item for item in self.items if item.rejected)

    @property
    def position(self) -> int:
        """Reads that ask for at least this log position see everything the message did; 0 when it did nothing."""
        return last_position(self.items)


def status_of(items: Iterable[Outcome]) -> Status:
    """One word for all of them; a message without transactions is accepted."""
    rejected = {item.rejected for item in items}
    return "part" if len(rejected) == 2 else "rejected" if rejected == {True} else "accepted"


def last_position(items: Iterable[Outcome]) -> int:
    """The highest position of the log among them; 0 where none left anything there."""
    return max((item.position or 0 for item in items), default=0)


def not_taken(version: str, kinds: Iterable[str]) -> UnexpectedMessage:
    """A message of ISO 20022 that this service has no use for."""
    return UnexpectedMessage(
        f"A {version} is not taken here.",
        field="Document",
        value=version,
        way_out=f"Send one of {', '.join(sorted(kinds))}.",
    )
