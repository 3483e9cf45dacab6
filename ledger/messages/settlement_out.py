"""pacs.009: what the settlement bank is to pay out, to the banks of the corridor, out of the account that it keeps for it.

A cycle's pay-outs are instructed once all its pay-ins are confirmed, so never beyond what was paid in for them; a withdrawal when it was
booked. What an instruction is about stands in its end-to-end id, by which its confirmation is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from ledger.domain.ids import cycle_stream
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.domain.terms import Terms
from ledger.iso20022.credit_transfer import GroupHeader
from ledger.iso20022.institution_transfer import InstitutionTransfer, InstitutionTransferFile, TransferUse
from ledger.iso20022.pacs009 import write_pacs009
from ledger.iso20022.parties import Account, Agent
from ledger.iso20022.values import Amount
from ledger.messages.settlement_references import end_to_end_of_cycle_payment, end_to_end_of_withdrawal
from ledger.messages.told import SETTLED_BY_THE_CORRIDOR, Told
from ledger.projections.cycles import Cycle, cycles
from ledger.projections.movements import withdrawals
from ledger.projections.snapshot import Snapshot

_PAGE = 500


class Due(NamedTuple):
    """Money that is to leave the settlement bank, from a log position on, at which ``stream`` has an event; ``payments`` are amounts in
    minor units by participant."""

    position: int
    stream: UUID
    at: datetime
    currency: str
    payments: Mapping[str, int]
    end_to_end_ids: Mapping[str, str]


def due_after(at: Snapshot, after: int) -> list[Due]:
    """Everything that became due after a log position, in log order. Cycles and withdrawals are few: a handful a day."""
    found = [due for due in (*_of_cycles(at), *_of_withdrawals(at, after)) if due.position > after]
    return sorted(found, key=lambda due: due.position)


def told(due: Due, terms: Terms) -> Iterator[Told]:
    """One instruction a participant, in the order of their names; ``terms`` are those that its event was decided under."""
    for participant in sorted(due.payments):
        yield Told(SETTLEMENT_BANK, "pacs.009", _Instruction(due, participant, terms).write)


class _Instruction(NamedTuple):
    due: Due
    participant: str
    terms: Terms

    def write(self, _version: str, message_id: str) -> bytes:
        said_at = self.due.at.replace(microsecond=0)
        settlement, payee = self.terms.settlement, self.terms.participant(self.participant)
        group = GroupHeader(message_id=message_id, created_at=said_at, transfer_count=1, settlement_method=SETTLED_BY_THE_CORRIDOR)
        transfer = InstitutionTransfer(
            index=1,
            uetr=_uetr(message_id),
            instruction_id=str(self.due.position),
            end_to_end_id=self.due.end_to_end_ids[self.participant],
            settlement=Amount(self.due.payments[self.participant], self.due.currency),
            settlement_date=settlement.calendar.dates(self.due.at).value,
            instructed_agent=Agent(bic=settlement.bank_bic),
            # The account's legal holder: the corridor is only a book.
            debtor=Agent(name=settlement.holder),
            debtor_account=Account(other=settlement.statement_account, currency=settlement.currency),
            debtor_agent=Agent(bic=settlement.bank_bic),
            creditor=Agent(bic=payee.bic),
        )
        return write_pacs009(InstitutionTransferFile(group, TransferUse.CORE, (transfer,)))


def _of_cycles(at: Snapshot) -> Iterator[Due]:
    after = 0
    while page := cycles(at, after=after, size=_PAGE):
        yield from (due for due in (_of_cycle(at.corridor, cycle) for cycle in page) if due is not None)
        after = page[-1].number


def _of_cycle(corridor: str, cycle: Cycle) -> Due | None:
    pay_ins: Sequence[tuple[int, datetime]] = [
        (payment.position, payment.confirmed_at) for payment in cycle.payments if payment.direction == "pay_in"
    ]
    if not cycle.pay_outs or len(pay_ins) < len(cycle.pay_ins):
        return None
    position, since = max([(cycle.first_position, cycle.closed_at), *pay_ins])
    ids = {participant: end_to_end_of_cycle_payment(cycle.number, participant) for participant in cycle.pay_outs}
    return Due(position, cycle_stream(corridor, cycle.number), since, cycle.currency, cycle.pay_outs, ids)


def _of_withdrawals(at: Snapshot, after: int) -> Iterator[Due]:
    for row in withdrawals(at, after=after):
        ids = {row.participant: end_to_end_of_withdrawal(row.reference)}
        yield Due(row.position, row.stream, row.reported_at, row.currency, {row.participant: row.amount}, ids)


def _uetr(message_id: str) -> UUID:
    """The instruction's own, always the same: random bits would give other bytes each time."""
    return UUID(bytes=sha256(b"uetr of " + message_id.encode()).digest()[:16], version=4)
