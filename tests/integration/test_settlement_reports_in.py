"""Status reports of the settlement bank: they confirm the pay-outs and withdrawals that our instructions asked for."""

from __future__ import annotations

import pytest

from ledger import commands as c
from ledger.bootstrap import Service
from ledger.domain.cycle import SettlementCycle
from ledger.domain.ids import cycle_stream
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.iso20022.institution_transfer import InstitutionTransfer
from ledger.iso20022.pacs002 import StatusReport, TransferStatus, write_pacs002
from ledger.iso20022.pacs009 import read_pacs009
from ledger.iso20022.parties import Agent
from ledger.messages.incoming import take_in
from ledger.messages.outgoing import messages_after
from ledger.messages.taken import Taken
from tests.integration.bank_messages import MADE_AT, dispatched, do, head, replied, says, status_report


def instructed(service: Service, corridor: str) -> list[InstitutionTransfer]:
    """What our pacs.009 ask the settlement bank for."""
    found: list[InstitutionTransfer] = []
    for message in messages_after(service, corridor, SETTLEMENT_BANK, 0, 100):
        assert message.data is not None
        found.extend(one for one in read_pacs009(message.data).outcomes if isinstance(one, InstitutionTransfer))
    return found


def reports(service: Service, corridor: str, message_id: str, status: str, *end_to_end_ids: str, bic: str | None = None) -> Taken:
    """The settlement bank says that of these payments."""
    agent = Agent(bic) if bic else None
    statuses = tuple(TransferStatus(status, end_to_end_id=known_by, instructing_agent=agent) for known_by in end_to_end_ids)
    return take_in(service, corridor, SETTLEMENT_BANK, write_pacs002(StatusReport(message_id, MADE_AT, transfers=statuses)))


def closed_cycle(service: Service, corridor: str) -> str:
    """A cycle in which psbc is owed what it paid out; the end-to-end id of the instruction that says so."""
    uetrs = dispatched(service, corridor)
    take_in(service, corridor, "psbc", status_report("PAID", *(says(uetr, "ACCC") for uetr in uetrs)))
    do(service, corridor, c.CloseCycle, "operator:ops")
    [known_by] = [one.end_to_end_id for one in instructed(service, corridor) if one.end_to_end_id.endswith("psbc")]
    return known_by


def cycle_of(service: Service, corridor: str) -> SettlementCycle:
    found = service.ledger(corridor).repository.get(cycle_stream(corridor, 1))
    assert isinstance(found, SettlementCycle)
    return found


def said(taken: Taken) -> list[tuple[str, str, str, str]]:
    """Of each answer: status, reason, rule and sentence."""
    return [(item.status, item.reason, item.rule, item.sentence) for item in taken.items]


def test_a_pay_out_is_confirmed_by_what_our_instruction_named_it(service: Service, corridor: str) -> None:
    """Read from the pacs.009 that we write; nothing is due any more, and the same report again adds nothing."""
    known_by = closed_cycle(service, corridor)
    assert "psbc" in cycle_of(service, corridor).due_out

    first = reports(service, corridor, "S1", "ACSC", known_by)

    assert "psbc" not in cycle_of(service, corridor).due_out
    assert said(first) == [("ACCP", "", "", "")]
    before = head(service, corridor)
    again = reports(service, corridor, "S1", "ACSC", known_by)
    assert (head(service, corridor), again.recognised, again.reply) == (before, True, first.reply)
    later = reports(service, corridor, "S2", "ACCC", known_by)
    assert said(later) == [("ACCP", "", "", "It changes nothing: the pay-out was confirmed already.")]


def test_a_withdrawal_is_confirmed_whatever_its_reference(service: Service, corridor: str) -> None:
    """One that an instruction has no room for is known by what stands for it there."""
    references = ("w-1", "a reference of the bank's own that is longer than a message has room for")
    for reference in references:
        do(service, corridor, c.RequestWithdrawal, "abb", participant="abb", amount=1_000, currency="USD", reference=reference)
    known_by = [one.end_to_end_id for one in instructed(service, corridor)]
    assert len(known_by) == 2

    taken = reports(service, corridor, "S1", "ACSC", *known_by)

    assert said(taken) == [("ACCP", "", "", "")] * 2
    again = reports(service, corridor, "S2", "ACSC", *known_by)
    assert said(again) == [("ACCP", "", "", "It changes nothing: the withdrawal was confirmed already.")] * 2


@pytest.mark.parametrize("status", ["ACSP", "PDNG", "RJCT"])
def test_what_was_not_made_stays_due(service: Service, corridor: str, status: str) -> None:
    """Accepted, pending or refused: taken note of, and no money has left."""
    known_by = closed_cycle(service, corridor)

    taken = reports(service, corridor, "S1", status, known_by)

    assert said(taken) == [("ACCP", "", "", "It changes nothing: the payment is due until it was made.")]
    assert "psbc" in cycle_of(service, corridor).due_out


def test_a_payment_that_nobody_asked_for_is_refused(service: Service, corridor: str) -> None:
    """An id that is not ours, a cycle that is not there, a bank that is paid nothing; each beside the good one."""
    known_by = closed_cycle(service, corridor)

    taken = reports(service, corridor, "S1", "ACSC", "NOTPROVIDED", "CYCLE-9-psbc", known_by)

    assert [(item.status, item.rule) for item in taken.items] == [("RJCT", "movement-unknown"), ("RJCT", "cycle-unknown"), ("ACCP", "")]
    assert [status for _, status, _ in replied(taken.reply)] == ["RJCT", "RJCT", "ACCP"]


def test_only_the_settlement_bank_confirms(service: Service, corridor: str) -> None:
    """A participant's report of the same id speaks of a transfer, and names none; another bank's status is not the settlement bank's."""
    known_by = closed_cycle(service, corridor)
    data = write_pacs002(StatusReport("S1", MADE_AT, transfers=(TransferStatus("ACSC", end_to_end_id=known_by),)))
    taken = take_in(service, corridor, "psbc", data)
    assert [(item.status, item.rule) for item in taken.items] == [("RJCT", "uetr-missing")]
    foreign = reports(service, corridor, "S2", "ACSC", known_by, bic="PSBCCNBJXXX")
    assert [(item.status, item.rule) for item in foreign.items] == [("RJCT", "not-permitted")]
    assert "psbc" in cycle_of(service, corridor).due_out
