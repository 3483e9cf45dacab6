"""Puts a night's report together. Pure: the same night and the same findings give the same report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from ledger.domain.money import format_amount
from reconciliation.archive import Night
from reconciliation.breaks import Difference
from reconciliation.carried import OpenLine
from reconciliation.classes import LineClass
from reconciliation.comparing import Tally
from reconciliation.figures import Figures, OpenBreak, ParticipantFigures
from reconciliation.next_steps import next_step
from reconciliation.reconciling import Reconciliation
from reconciliation.report import (
    AccountPage,
    AtRisk,
    BreakByAge,
    ClassTotal,
    FloorAlert,
    MovedTotal,
    ParticipantPage,
    Report,
    ReportedDifference,
    TimingLine,
)


def build_report(night: Night, reconciliations: Sequence[Reconciliation], verified: str = "") -> Report:
    """The page of a night, out of where the corridor stood when it began and what came of each statement."""
    figures, banks = night.figures, night.figures.banks
    usd = figures.settlement_currency
    open_breaks = _breaks_now(figures, reconciliations)
    came = {found.statement.account for found in reconciliations}
    return Report(
        id=night.id,
        corridor=figures.corridor,
        name=figures.name,
        business_date=night.business_date,
        boundary=night.boundary,
        recorded_at=figures.recorded_at,
        moved_from=figures.moved_from,
        moved_through=figures.moved_through,
        accounts=tuple(_account(found, banks[found.statement.account], night.business_date) for found in reconciliations),
        accounts_without_statement=tuple(sorted(banks.keys() - came)),
        participants=tuple(_participant(found, usd) for found in figures.participants),
        settlement_currency=usd,
        in_flight=format_amount(figures.in_flight, usd),
        remuneration=format_amount(figures.remuneration, usd),
        settling=format_amount(figures.settling, usd),
        settlement_bank=format_amount(figures.settlement_bank, usd),
        suspense={currency: format_amount(amount, currency) for currency, amount in sorted(figures.suspense.items())},
        below_floor=tuple(
            FloorAlert(
                account=alert.account,
                currency=_currency(alert.account),
                balance=format_amount(alert.balance, _currency(alert.account)),
                floor=format_amount(alert.floor, _currency(alert.account)),
            )
            for alert in figures.below_floor
        ),
        open_breaks=tuple(_by_age(known, night.business_date) for known in open_breaks),
        at_risk=tuple(_at_risk(open_breaks)),
        verified=verified,
    )


def _currency(account: str) -> str:
    return account.rpartition(":")[2]


def _account(found: Reconciliation, bank: str, today: date) -> AccountPage:
    statement, currency = found.statement, found.statement.currency

    def amount(minor: int) -> str:
        return format_amount(minor, currency)

    return AccountPage(
        account=statement.account,
        bank=bank,
        currency=currency,
        statement=statement.id,
        first_day=statement.first_day,
        last_day=statement.last_day,
        opening=amount(statement.opening),
        moved=amount(statement.moved),
        closing=amount(statement.closing),
        ledger_closing=amount(found.ledger_closing),
        explained=amount(sum(line.amount for line in found.open_lines)),
        unexplained=amount(found.remainder),
        follows_on=found.follows_on,
        statement_lines=statement.line_count,
        carried_lines=found.carried_reported + found.carried_expected,
        classes=tuple(_class_total(line_class, tally, currency) for line_class, tally in sorted(found.tallies.items())),
        differences=tuple(_difference(difference, bank, today) for difference in found.differences),
        timing=tuple(_timing(line, currency) for line in found.open_lines if line.line_class == "timing"),
    )


def _class_total(line_class: LineClass, tally: Tally, currency: str) -> ClassTotal:
    return ClassTotal(
        line_class=line_class,
        statement_lines=tally.reported,
        ledger_lines=tally.expected,
        debits=format_amount(tally.debits, currency),
        credits=format_amount(tally.credits, currency),
    )


def _difference(difference: Difference, bank: str, today: date) -> ReportedDifference:
    reported, expected, currency = difference.reported, difference.expected, difference.currency
    line = reported or expected
    return ReportedDifference(
        break_id=difference.break_id,
        break_class=difference.break_class,
        account=difference.account,
        currency=currency,
        difference=format_amount(difference.amount, currency),
        statement_amount=None if reported is None else format_amount(reported.amount, currency),
        ledger_amount=None if expected is None else format_amount(expected.amount, currency),
        reference=difference.key,
        statement=difference.statement,
        entry=None if reported is None else reported.label,
        position=None if expected is None else expected.position,
        booked_on=None if line is None else line.booking_date,
        found_on=difference.found_on,
        age_days=_age(difference.found_on, today),
        new=difference.new,
        next_step=next_step(difference, bank),
    )


def _timing(line: OpenLine, currency: str) -> TimingLine:
    stands = line.reported or line.expected
    assert stands is not None
    return TimingLine(
        side="ledger" if line.reported is None else "statement",
        amount=format_amount(stands.amount, currency),
        reference=line.key,
        booked_on=stands.booking_date,
    )


def _participant(found: ParticipantFigures, usd: str) -> ParticipantPage:
    return ParticipantPage(
        participant=found.participant,
        name=found.name,
        currency=found.currency,
        cash=format_amount(found.cash, found.currency),
        moved=tuple(MovedTotal(entry=m.entry, times=m.times, amount=format_amount(m.amount, found.currency)) for m in found.moved),
        settlement_currency=usd,
        position=format_amount(found.position, usd),
        cap=format_amount(found.cap, usd),
        room=format_amount(found.position + found.cap, usd),
        pay_in_due=format_amount(found.pay_in_due, usd),
        pay_out_due=format_amount(found.pay_out_due, usd),
        transfers_in_flight=found.transfers_in_flight,
        in_flight=format_amount(found.in_flight, usd),
        transfers_held=found.transfers_held,
        held_before_funding=format_amount(found.held_before_funding, usd),
        transfers_unknown=found.transfers_unknown,
    )


def _breaks_now(figures: Figures, reconciliations: Iterable[Reconciliation]) -> list[OpenBreak]:
    """The breaks open after the night, the oldest first: those nobody had resolved before it, and those it found."""
    open_now = {known.break_id: known for known in figures.open_breaks}
    for difference in (difference for found in reconciliations for difference in found.differences if difference.new):
        found_now = OpenBreak(
            break_id=difference.break_id,
            break_class=difference.break_class,
            account=difference.account,
            difference=difference.amount,
            state="open",
            reference=difference.key,
            found_on=difference.found_on,
        )
        open_now.setdefault(difference.break_id, found_now)
    return sorted(open_now.values(), key=lambda known: (known.found_on, known.account, known.break_id))


def _by_age(known: OpenBreak, today: date) -> BreakByAge:
    currency = _currency(known.account)
    return BreakByAge(
        break_id=known.break_id,
        break_class=known.break_class,
        account=known.account,
        currency=currency,
        difference=format_amount(known.difference, currency),
        reference=known.reference,
        state=known.state,
        found_on=known.found_on,
        age_days=_age(known.found_on, today),
    )


def _at_risk(open_breaks: Iterable[OpenBreak]) -> Iterable[AtRisk]:
    amounts: dict[str, list[int]] = {}
    for known in open_breaks:
        amounts.setdefault(_currency(known.account), []).append(abs(known.difference))
    for currency, found in sorted(amounts.items()):
        yield AtRisk(currency=currency, breaks=len(found), amount=format_amount(sum(found), currency))


def _age(found_on: date, today: date) -> int:
    return max(0, (today - found_on).days)
