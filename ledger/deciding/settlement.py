"""Cycles: netted at a boundary, paid in, paid out, settled."""

from __future__ import annotations

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.outcome import Result, check_operator
from ledger.domain import ids, posting
from ledger.domain.aggregate import Decision
from ledger.domain.cycle import SettlementCycle
from ledger.domain.movement import check_settlement_bank


def close_cycle(command: c.CloseCycle, books: Books) -> Result:
    """Nets the positions as they stood at the end of the commit before this one."""
    check_operator(command)
    terms, corridor, by = books.terms, books.corridor, books.decision()
    usd = terms.settlement.currency
    from_boundary = corridor.last_boundary
    positions = books.positions(terms.participants, usd)
    already_due: dict[str, int] = {}
    for number in corridor.unsettled_cycles:
        for participant, amount in books.cycle(number).due_in.items():
            already_due[participant] = already_due.get(participant, 0) + amount
    number = corridor.last_cycle + 1
    stream = ids.cycle_stream(command.corridor, number)
    retained = {p: _retained(p, positions[p], books) for p in terms.participants}
    pay_ins, pay_outs = SettlementCycle.net(positions, retained, already_due)
    books.post(posting.cycle_close(stream, usd, pay_outs))
    corridor.close_cycle(by, books.position)
    cycle = SettlementCycle.close(
        stream,
        by,
        number=number,
        from_boundary=from_boundary,
        to_boundary=books.position,
        currency=usd,
        positions=positions,
        pay_ins=pay_ins,
        pay_outs=pay_outs,
    )
    books.add(cycle)
    if cycle.settled:
        corridor.settle_cycle(by, number)
    return {"cycle": number, "boundary": books.position, "pay_ins": cycle.due_in, "pay_outs": cycle.due_out}


def _retained(participant: str, position: int, books: Books) -> int:
    """What stays on a position at the close; a frozen account takes part in no pay-out, so all of it stays."""
    retained = books.terms.retained(participant)
    account = books.account(f"{participant}:position:{books.terms.settlement.currency}")
    return retained if account.status == "open" else max(retained, position)


def confirm_pay_in(command: c.ConfirmPayIn, books: Books) -> Result:
    """A payer's money arrived at the settlement bank."""
    cycle, by = _cycle_payment(command, books)
    cycle.check_due_in(command.participant, command.amount)
    books.post(posting.pay_in(cycle.id, command.participant, cycle.currency, command.amount))
    cycle.paid_in(by, command.participant, command.amount, command.bank_reference)
    return _cycle_result(cycle, by, books)


def confirm_pay_out(command: c.ConfirmPayOut, books: Books) -> Result:
    """A payee's money left the settlement bank; never beyond the cash held."""
    cycle, by = _cycle_payment(command, books)
    cycle.check_due_out(command.participant, command.amount)
    books.post(posting.pay_out(cycle.id, cycle.currency, command.amount))
    cycle.paid_out(by, command.participant, command.amount, command.bank_reference)
    return _cycle_result(cycle, by, books)


def _cycle_payment(command: c.CycleCommand, books: Books) -> tuple[SettlementCycle, Decision]:
    by = books.decision()
    check_settlement_bank(by)
    return books.cycle(command.cycle), by


def _cycle_result(cycle: SettlementCycle, by: Decision, books: Books) -> Result:
    if cycle.settled:
        books.corridor.settle_cycle(by, cycle.number)
    return {"cycle": cycle.number, "settled": cycle.settled}
