"""The jobs that act when nobody does: what is due expires, silence is flagged, money that waited for room is funded, the cycle closes.

A job reads a projection only to find candidates; whether a step is due is decided by the domain, from the log, when the command gets
there. A job that was killed is simply run again: what it did is no candidate any more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from threading import Event
from typing import Any, NamedTuple
from uuid import UUID

from eventsourcing.persistence import PersistenceError

from ledger.bootstrap import Service
from ledger.commands import CloseCycle, Command, ExpireTransfer, FlagUnanswered, FundTransfer, TransferCommand
from ledger.errors import LedgerError
from ledger.eventstore.log import Log
from ledger.projections.balances import positions
from ledger.projections.runner import Runner
from ledger.projections.snapshot import Snapshot, snapshot
from ledger.projections.transfers import TransferRow, past_deadline, silent, transfers

logger = logging.getLogger(__name__)

EXPIRY = "system:expiry"
RESOLVER = "system:resolver"
FUNDING = "system:funding"
SETTLEMENT = "system:settlement"

PAGE = 1_000


class RefusedStep(NamedTuple):
    """A step that the domain refused, since the transfer had moved on or the deadline was not there yet."""

    uetr: UUID
    code: str


class JobReport(NamedTuple):
    """What one run of a job did: the transfers it moved, and those that refused."""

    job: str
    done: tuple[UUID, ...]
    refused: tuple[RefusedStep, ...]


def expire_due(service: Service, corridor: str) -> JobReport:
    """Expires and refunds cash that nobody collected and transfers whose condition was not met in time."""

    def command(transfer: TransferRow, now: datetime) -> TransferCommand:
        waited_for = "condition" if transfer.state == "funded" else "collection"
        return ExpireTransfer(**_said(corridor, EXPIRY, "expire", transfer.uetr, now), cause=f"deadline:{waited_for}", uetr=transfer.uetr)

    return _run(service, corridor, "expire", past_deadline, command)


def flag_unanswered(service: Service, corridor: str) -> JobReport:
    """Flags as *unknown* what was dispatched longer ago than the terms let a partner stay silent."""
    patience = timedelta(minutes=service.ledger(corridor).terms().unanswered_minutes)

    def command(transfer: TransferRow, now: datetime) -> TransferCommand:
        dispatched = transfer.dispatched_at or transfer.initiated_at
        said = _said(corridor, RESOLVER, "unanswered", transfer.uetr, now)
        return FlagUnanswered(**said, cause="deadline:answer", uetr=transfer.uetr, since=dispatched + patience)

    return _run(service, corridor, "flag unanswered", lambda at, now: silent(at, now - patience), command)


def fund_waiting(service: Service, corridor: str) -> JobReport:
    """Tries again to fund what was cleared and found no room under a floor."""

    def command(transfer: TransferRow, now: datetime) -> TransferCommand:
        return FundTransfer(**_said(corridor, FUNDING, "fund", transfer.uetr, now), cause="waited for room", uetr=transfer.uetr)

    return _run(service, corridor, "fund", lambda at, _now: list(_with_room(at)), command)


def run_due(service: Service, corridor: str) -> list[JobReport]:
    """All jobs that look at single transfers, once."""
    return [job(service, corridor) for job in (expire_due, flag_unanswered, fund_waiting)]


def run_every(service: Service, seconds: float, stop: Event, daily: Callable[[Service, str], object]) -> None:
    """Runs what is due in every corridor again and again until told to stop, and ``daily`` once on each day of UTC; what fails is tried
    again the next time."""
    done_on: dict[str, date] = {}
    while not stop.is_set():
        service.follow_screening_list()
        today = service.clock().date()
        for corridor in Log(service.pool, "").corridors():
            try:
                run_due(service, corridor)
                if done_on.get(corridor) != today:
                    daily(service, corridor)
                    done_on[corridor] = today
            except (LedgerError, PersistenceError) as error:
                logger.warning("the jobs of %s could not run: %s", corridor, type(error).__name__)
        stop.wait(seconds)


def close_cycle(service: Service, corridor: str) -> dict[str, Any] | None:
    """Closes the settlement cycle of the settlement currency's business date, once a date however often it is run.

    Gives its number, boundary, pay-ins and pay-outs (minor units of the settlement currency); None when the date is no business day.
    """
    ledger = service.ledger(corridor)
    calendar = ledger.terms().settlement.calendar
    day = calendar.local(service.clock()).date()
    if not calendar.is_business_day(day):
        return None
    answer = ledger.execute(CloseCycle(corridor=corridor, actor=SETTLEMENT, idempotency_key=f"cycle/{day}", cause=f"business date {day}"))
    return answer.result


@contextmanager
def up_to_date(service: Service, corridor: str) -> Iterator[Snapshot]:
    """A look at the projections after they have caught up with the log."""
    Runner(service.ledger(corridor).log_store).catch_up()
    with snapshot(service.pool, corridor) as at:
        yield at


def _run(
    service: Service,
    corridor: str,
    job: str,
    find: Callable[[Snapshot, datetime], Sequence[TransferRow]],
    command: Callable[[TransferRow, datetime], Command],
) -> JobReport:
    now = service.clock()
    with up_to_date(service, corridor) as at:
        found = find(at, now)
    done: list[UUID] = []
    refused: list[RefusedStep] = []
    for start in range(0, len(found), PAGE):
        page = found[start : start + PAGE]
        answers = service.ledger(corridor).execute_all([command(transfer, now) for transfer in page])
        for transfer, answer in zip(page, answers, strict=True):
            if answer.refusal is None:
                done.append(transfer.uetr)
            else:
                refused.append(RefusedStep(transfer.uetr, answer.refusal["code"]))
    return JobReport(job, tuple(done), tuple(refused))


def _said(corridor: str, actor: str, step: str, uetr: UUID, now: datetime) -> dict[str, Any]:
    """An attempt has its instant in its key: a later one is a new attempt, the same one run again is the same."""
    return {"corridor": corridor, "actor": actor, "idempotency_key": f"{step}/{uetr}/{now:%Y%m%dT%H%M%S.%fZ}"}


def _with_room(at: Snapshot) -> Iterator[TransferRow]:
    """Cleared transfers that the debtor agent's position has room for, so that no attempt is made in vain minute after minute."""
    room = {bank: found.balance - (found.floor or 0) for bank, found in positions(at).items()}
    after = 0
    while page := transfers(at, states=["cleared"], after=after, size=PAGE):
        for transfer in page:
            asked = transfer.settlement + transfer.remuneration
            if room[transfer.debtor_agent] >= asked:
                room[transfer.debtor_agent] -= asked
                yield transfer
        after = page[-1].first_position
