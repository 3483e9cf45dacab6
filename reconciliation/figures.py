"""Where the corridor stands at a boundary, for the report: read in one snapshot when the night begins, then kept.

Amounts are minor units of the currency named beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from ledger.domain.posting import account_name
from ledger.domain.terms import Terms
from ledger.pacing import FULL_SPEED, Pace, Pages
from ledger.projections.balances import Balance, balances
from ledger.projections.breaks import BreakRow, breaks
from ledger.projections.cycles import Cycle, cycles
from ledger.projections.snapshot import Snapshot
from reconciliation.queries import QUERIES, open_through, read_through

_PAGE = 500
_LINES, _LINES_LEAST = 50_000, 1_000


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Moved(_Kept):
    """What one kind of entry moved on a cash account: how often and how much, debit (money in) positive."""

    entry: str
    times: int
    amount: int


class ParticipantFigures(_Kept):
    """One bank. ``position``, ``cap``, what is due and what is on the way are in the settlement currency, ``moved`` in its own."""

    participant: str
    name: str
    currency: str
    cash: int
    moved: tuple[Moved, ...]
    position: int
    cap: int
    pay_in_due: int
    pay_out_due: int
    in_flight: int
    transfers_in_flight: int
    held_before_funding: int
    transfers_held: int
    transfers_unknown: int


class BelowFloor(_Kept):
    account: str
    balance: int
    floor: int


class OpenBreak(_Kept):
    """A break nobody had resolved. ``state`` is "open" or "parked"."""

    break_id: str
    break_class: str
    account: str
    difference: int
    state: str
    reference: str
    found_on: date


class Figures(_Kept):
    """The corridor at one boundary. ``recorded_at`` is the instant of its last commit, ISO 8601; ``banks`` names the bank behind each
    account that mirrors one."""

    corridor: str
    name: str
    banks: dict[str, str]
    settlement_currency: str
    boundary: int
    recorded_at: str
    moved_from: date
    moved_through: date
    participants: tuple[ParticipantFigures, ...]
    in_flight: int
    remuneration: int
    settling: int
    settlement_bank: int
    suspense: dict[str, int]
    below_floor: tuple[BelowFloor, ...]
    open_breaks: tuple[OpenBreak, ...]


def read_figures(at: Snapshot, terms: Terms, moved_from: date, moved_through: date, pace: Pace = FULL_SPEED) -> Figures:
    """The corridor as the snapshot sees it; money moved is that booked on days of the span given."""
    accounts = {found.account: found for found in balances(at)}
    usd = terms.settlement.currency
    on_the_way = {row[0]: row[1:] for row in at.cursor.rows(QUERIES["on_the_way"], {"corridor": at.corridor})}
    every_cycle = [*_cycles(at)]

    def of_corridor(kind: str) -> int:
        return accounts[account_name("corridor", kind, usd)].balance

    def figures_of(participant: str) -> ParticipantFigures:
        agreed = terms.participant(participant)
        cash = accounts[account_name(participant, "cash", agreed.currency)]
        transfers, in_flight, held, held_amount, unknown = on_the_way.get(participant, (0, 0, 0, 0, 0))
        return ParticipantFigures(
            participant=participant,
            name=agreed.name,
            currency=agreed.currency,
            cash=cash.signed,
            moved=tuple(_moved(at, cash, moved_from, moved_through, pace)),
            position=accounts[account_name(participant, "position", usd)].balance,
            cap=terms.cap(participant),
            pay_in_due=sum(cycle.due("pay_in").get(participant, 0) for cycle in every_cycle),
            pay_out_due=sum(cycle.due("pay_out").get(participant, 0) for cycle in every_cycle),
            in_flight=in_flight,
            transfers_in_flight=transfers,
            held_before_funding=held_amount,
            transfers_held=held,
            transfers_unknown=unknown,
        )

    return Figures(
        corridor=at.corridor,
        name=terms.name,
        banks=_banks(terms),
        settlement_currency=usd,
        boundary=at.boundary,
        recorded_at=max(found.recorded_at for found in accounts.values()).isoformat(),
        moved_from=moved_from,
        moved_through=moved_through,
        participants=tuple(figures_of(participant) for participant in sorted(terms.participants)),
        in_flight=of_corridor("in_flight"),
        remuneration=of_corridor("remuneration"),
        settling=of_corridor("settling"),
        settlement_bank=of_corridor("settlement_bank"),
        suspense={found.currency: found.balance for found in accounts.values() if found.kind == "suspense" and found.balance},
        below_floor=tuple(
            BelowFloor(account=found.account, balance=found.balance, floor=found.floor)
            for found in accounts.values()
            if found.below_floor and found.floor is not None
        ),
        open_breaks=tuple(_open(found) for found in _open_breaks(at)),
    )


def _banks(terms: Terms) -> dict[str, str]:
    cash = {account_name(key, "cash", agreed.currency): agreed.name for key, agreed in terms.participants.items()}
    settlement = account_name("corridor", "settlement_bank", terms.settlement.currency)
    return {**cash, settlement: f"the settlement bank ({terms.settlement.bank_bic})"}


def _moved(at: Snapshot, cash: Balance, first_day: date, last_day: date, pace: Pace) -> Iterator[Moved]:
    """Summed by the server in one go; beside writers line by line here, since a sum cannot be paused."""
    span = {"corridor": at.corridor, "account": cash.account, "boundary": at.boundary, "first_day": first_day, "last_day": last_day}
    pages = Pages(pace, _LINES, _LINES_LEAST)
    if pages.beside:
        found = _summed_here(at, span, pages)
    else:
        found = {entry: (times, amount) for entry, times, amount in read_through(at.cursor, QUERIES["moved"], span)}
        pages.end()
    for entry, (times, amount) in sorted(found.items()):
        yield Moved(entry=entry, times=times, amount=amount)


def _summed_here(at: Snapshot, span: dict[str, Any], pages: Pages) -> dict[str, tuple[int, int]]:
    times, amounts = Counter[str](), Counter[str]()
    open_through(at.cursor, QUERIES["open_moved"], span)
    while lines := at.cursor.rows(QUERIES["next_moved"], {"size": pages.size}):
        for entry, amount in lines:
            times[entry] += 1
            amounts[entry] += amount
        pages.end()
    at.cursor.execute(QUERIES["close_moved"])
    pages.end()
    return {entry: (often, amounts[entry]) for entry, often in times.items()}


def _open(found: BreakRow) -> OpenBreak:
    return OpenBreak(
        break_id=found.break_id,
        break_class=found.break_class,
        account=found.account,
        difference=found.difference,
        state=found.state,
        reference=found.reference,
        found_on=found.business_date,
    )


def _open_breaks(at: Snapshot) -> Iterator[BreakRow]:
    after = 0
    while page := breaks(at, only_open=True, after=after, size=_PAGE):
        yield from page
        after = page[-1].position


def _cycles(at: Snapshot) -> Iterator[Cycle]:
    after = 0
    while page := cycles(at, after=after, size=_PAGE):
        yield from page
        after = page[-1].number
