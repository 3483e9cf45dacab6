"""What can happen to an account."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from ledger.domain.aggregate import CreatedEvent, DecidedEvent, StatesWhatHolds
from ledger.domain.posting import EntryKind, Side


class PostedLine(NamedTuple):
    """One line of an entry on this account. ``amount`` in minor units, debit positive; ``reference`` is the stream the entry belongs
    to (a transfer's UETR, a cycle, a movement, a break); actor, cause and terms are found through ``command``."""

    entry: EntryKind
    reference: UUID
    command: UUID
    amount: int
    booking_date: date
    value_date: date


class _AsMade:
    """A line that a posting made is taken as it is: only `Books.post` makes lines, out of an entry whose kind and amounts `Entry.of` has
    checked. A line that is read from the log is validated field by field."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(json_schema=handler(source), python_schema=core_schema.is_instance_schema(source))


class AccountOpened(CreatedEvent):
    TOPIC = "Account.Opened.v1"
    name: str
    currency: str
    normal_side: Side
    floor: int | None

    def apply(self, aggregate: Any) -> None:
        aggregate.name = self.name
        aggregate.currency = self.currency
        aggregate.normal_side = self.normal_side
        aggregate.floor = self.floor


class AccountPosted(StatesWhatHolds):
    """All lines of one commit on this account, in the order of the commands. ``balance`` is the account's balance after them, on its
    normal side; ``below_floor`` is the alert that it stands below its floor."""

    TOPIC = "Account.Posted.v1"
    lines: tuple[Annotated[PostedLine, _AsMade()], ...]
    balance: int
    below_floor: bool = False

    def apply(self, aggregate: Any) -> None:
        aggregate.balance = self.balance


class AccountFloorSet(StatesWhatHolds, DecidedEvent):
    TOPIC = "Account.FloorSet.v1"
    floor: int

    def apply(self, aggregate: Any) -> None:
        aggregate.floor = self.floor


class AccountStatusProposed(StatesWhatHolds, DecidedEvent):
    """One officer wants the account open again, or closed; it stays as it is until another one says the same."""

    TOPIC = "Account.StatusProposed.v1"
    status: Literal["open", "closed"]

    def apply(self, aggregate: Any) -> None:
        aggregate.proposed = (self.status, self.actor)


class AccountStatusSet(StatesWhatHolds, DecidedEvent):
    TOPIC = "Account.StatusSet.v1"
    status: Literal["open", "frozen", "closed"]

    def apply(self, aggregate: Any) -> None:
        aggregate.status = self.status
        aggregate.proposed = None
