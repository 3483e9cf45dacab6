"""What the ledger expects of a bank's statement: its own lines on the account that mirrors the bank's, read at one boundary."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate

from ledger.application import Ledger
from ledger.domain import ids
from ledger.domain.aggregate import Aggregate
from ledger.domain.posting import account_name
from ledger.domain.transfer import Transfer
from ledger.eventstore.mapper import EventMapper
from ledger.projections.balances import balance
from ledger.projections.snapshot import Snapshot
from reconciliation.carried import Carried
from reconciliation.classes import Known
from reconciliation.lines import ExpectedLine, ReportedLine
from reconciliation.queries import QUERIES, read_through
from reconciliation.reported import ReportedStatement

_ADJUSTING = frozenset({"parked", "resolved"})
_NOTHING_SEEN = 2**62
_ONE_DAY = timedelta(days=1)
_ASKED_AT_ONCE = 1_000


class Window(NamedTuple):
    """Which lines a statement is held against: those booked from ``first_day`` to ``last_day``, and those booked up to ``seen_day`` that
    were written after the boundary ``seen``."""

    first_day: date
    last_day: date
    seen_day: date
    seen: int

    @classmethod
    def of(cls, statement: ReportedStatement, before: Carried | None) -> Window:
        """A statement that opens as the one before closed covers the days between them too: the bank says that nothing happened."""
        if before is None:
            # A bank may write any day there is, also the one that no other comes before.
            day_before = max(statement.first_day, date.min + _ONE_DAY) - _ONE_DAY
            return cls(statement.first_day, statement.last_day, day_before, _NOTHING_SEEN)
        next_day = before.last_day + _ONE_DAY
        first = next_day if before.closing == statement.opening else max(statement.first_day, next_day)
        return cls(first, statement.last_day, before.last_day, before.boundary)


def expected_lines(at: Snapshot, account: str, window: Window, boundary: int, keys: Iterable[str]) -> list[ExpectedLine]:
    """The ledger's lines of an account that belong to some transfers, movements, cycles or breaks, in log order."""
    asked = {"corridor": at.corridor, "account": account, "boundary": boundary, **window._asdict(), "keys": list(keys)}
    return [_line(account, row) for row in at.cursor.rows(QUERIES["expected"], asked)]


def _line(account: str, row: tuple[Any, ...]) -> ExpectedLine:
    position, number, kind, reference, command, amount, booking, value, own, confirmed, payment, break_id, break_reference = row
    texts: tuple[str, ...] = ()
    if own or confirmed or payment or break_id:
        given = (break_reference, break_id) if break_id else (own, confirmed, payment)
        texts = tuple(dict.fromkeys(text for text in given if text))
    adjusts = break_id if kind in _ADJUSTING and break_id else ""
    return ExpectedLine(account, position, number, kind, reference, command, amount, booking, value, texts, adjusts)


def book_balances(at: Snapshot, account: str, days: Collection[date], boundary: int) -> dict[date, int]:
    """What the bank's statements of some days should close with: minor units, debit positive."""
    values = {"corridor": at.corridor, "account": account, "day": min(days), "boundary": boundary}
    later = read_through(at.cursor, QUERIES["booked_later"], values)
    now = balance(at, account, boundary).signed
    return {day: now - sum(int(amount) for booked, amount in later if booked > day) for day in days}


def resolved_breaks(at: Snapshot, break_ids: list[str], boundary: int) -> frozenset[str]:
    """Which of some breaks two officers had resolved by then."""
    values = {"corridor": at.corridor, "break_ids": break_ids, "boundary": boundary}
    return frozenset(row[0] for row in at.cursor.rows(QUERIES["resolved_breaks"], values))


def balance_breaks(at: Snapshot, account: str, boundary: int) -> frozenset[str]:
    """The breaks in the account's balance, which have no lines."""
    values = {"corridor": at.corridor, "account": account, "boundary": boundary}
    return frozenset(row[0] for row in at.cursor.rows(QUERIES["balance_breaks"], values))


class Knowledge:
    """What the ledger knew, at a boundary, of what stands behind some statement lines of an account: those without a counterpart. What was
    looked up once is not asked again for the account's next statement."""

    def __init__(self, ledger: Ledger, at: Snapshot, boundary: int, account: str) -> None:
        self._ledger = ledger
        self._at = at
        self._boundary = boundary
        self._account = account
        self._found: dict[tuple[str, ...], tuple[Sequence[Transfer], Sequence[tuple[int, date]]]] = {}

    def of(self, row: ReportedLine, last_day: date) -> Known:
        """Of a line that was looked up before, for a statement of this last day."""
        return self._of(*self._found[row.references], last_day)

    def look_up(self, rows: Iterable[ReportedLine]) -> None:
        """Looks lines up, some hundreds at once."""
        asked = list(dict.fromkeys(row.references for row in rows if row.references not in self._found))
        for start in range(0, len(asked), _ASKED_AT_ONCE):
            some = asked[start : start + _ASKED_AT_ONCE]
            transfers = self._transfers({uetr for references in some for uetr in map(_any_uuid, references) if uetr})
            behind = [[transfers[uetr] for uetr in map(_any_uuid, references) if uetr in transfers] for references in some]
            booked = self._booked(some, behind)
            for number, references in enumerate(some):
                self._found[references] = (behind[number], booked.get(number, []))

    def _booked(self, asked: Sequence[tuple[str, ...]], behind: Sequence[Sequence[Transfer]]) -> dict[int, list[tuple[int, date]]]:
        """(Amount, day) of what was booked under the references asked for, by their number."""
        texts = [(number, text) for number, references in enumerate(asked) for text in references]
        streams = [(number, ids.movement_stream(self._at.corridor, text)) for number, text in texts]
        streams += [(number, transfer.id) for number, transfers in enumerate(behind) for transfer in transfers]
        values = {
            "corridor": self._at.corridor,
            "account": self._account,
            "boundary": self._boundary,
            "of_streams": [number for number, _ in streams],
            "streams": [str(stream) for _, stream in streams],
            "of_texts": [number for number, _ in texts],
            "texts": [text for _, text in texts],
        }
        booked: dict[int, list[tuple[int, date]]] = {}
        for number, amount, day in self._at.cursor.rows(QUERIES["booked_under"], values):
            booked.setdefault(number, []).append((amount, day))
        return booked

    def _of(self, transfers: Sequence[Transfer], booked: Sequence[tuple[int, date]], last_day: date) -> Known:
        by_then = tuple(amount for amount, day in booked if day <= last_day)
        later = tuple(amount for amount, day in booked if day > last_day)
        if not transfers:
            return Known(booked=by_then, later=later)
        transfer = transfers[0]
        pricing = transfer.pricing
        pays_from = account_name(pricing.creditor_agent, "cash", pricing.creditor_currency)
        payout = -pricing.paid_to_creditor if pays_from == self._account else None
        return Known(transfer.state, transfer.unanswered, payout, by_then, later)

    def _transfers(self, uetrs: Collection[UUID]) -> dict[UUID, Transfer]:
        """The transfers among them, as they stood at the boundary, from the log itself."""
        mapper = cast(EventMapper, self._ledger.mapper)
        found: dict[UUID, Transfer] = {}
        for uetr, events in self._ledger.log_store.read_streams(dict.fromkeys(uetrs, 0)).items():
            aggregate: Aggregate | None = None
            for row in events:
                if row.position <= self._boundary:
                    event = mapper.decode(row.stream_id, row.stream_version, row.topic, row.state)
                    aggregate = cast(Aggregate, cast(CanMutateAggregate[UUID], event).mutate(aggregate))
            if isinstance(aggregate, Transfer):
                found[uetr] = aggregate
        return found


def _any_uuid(reference: str) -> UUID | None:
    """The UUID that a reference is, however it is written."""
    try:
        return UUID(reference)
    except ValueError:
        return None
