"""camt.054 from the settlement bank: what it booked confirms what the corridor waits for, once, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ledger import commands as c
from ledger.bootstrap import Service
from ledger.errors import KeyReused, NotPermitted
from ledger.iso20022.camt054 import write_camt054
from ledger.iso20022.credit_transfer import Product
from ledger.iso20022.errors import ElementMissing
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Direction, Entry, EntryDetail, Notification
from ledger.jobs import up_to_date
from ledger.messages.incoming import take_in
from ledger.messages.settlement_references import end_to_end_of_cycle_payment, end_to_end_of_withdrawal
from ledger.messages.taken import Taken
from ledger.projections.cycles import cycle
from ledger.projections.movements import movement
from ledger.sandbox.generator import generate_pacs008
from tests.integration.serviced import FRIDAY, facts, friday_clock, open_corridor, settings_of

BANK, OTHER = "bank:settlement", "36001230"
DAY = date(2026, 3, 27)
LONG = "W-" + "x" * 60


@pytest.fixture
def service(module_database_url: str, key_folder: Path, corridor: str) -> Iterator[Service]:
    """A corridor in which abb owes, psbc is owed, and both amounts are due in cycle 1; psbc has asked for two withdrawals."""
    with Service(settings_of(module_database_url, key_folder), clock=friday_clock()) as service:
        open_corridor(service, corridor, prefund=0)
        how = facts(with_release_condition=False, products=((Product.ACCOUNT_TO_ACCOUNT, 1),))
        take_in(service, corridor, "abb", generate_pacs008(11, 3, how))
        ask(service, corridor, c.CloseCycle, "operator:ops")
        prefund = {"participant": "psbc", "amount": 50_000, "currency": "USD"}
        ask(service, corridor, c.FundPosition, BANK, **prefund, reference="P-1")
        for reference in ("W-1", LONG):
            ask(service, corridor, c.RequestWithdrawal, "psbc", participant="psbc", amount=700, currency="USD", reference=reference)
        yield service


def ask(service: Service, corridor: str, kind: type[c.Command], actor: str, **said: object) -> None:
    key = f"{kind.__name__}-{said.get('reference', '')}"
    answer = service.ledger(corridor).execute(kind(corridor=corridor, actor=actor, idempotency_key=key, **said))
    assert answer.refusal is None, answer.refusal


def due(service: Service, corridor: str) -> int:
    """What abb is to pay in, in minor units."""
    with up_to_date(service, corridor) as at:
        return cycle(at, 1).pay_ins["abb"]


def entry(minor: int, known_by: str, reference: str = "SB-1", **changes: object) -> Entry:
    booked = Entry(
        minor=abs(minor),
        currency="USD",
        direction=Direction.CREDIT if minor > 0 else Direction.DEBIT,
        booking_date=DAY,
        value_date=DAY,
        servicer_reference=reference,
        details=(EntryDetail(end_to_end_id=known_by),),
    )
    return replace(booked, **changes)  # type: ignore[arg-type]


def notified(service: Service, corridor: str, *entries: Entry, number: str = "N1", account: str = OTHER, actor: str = BANK) -> Taken:
    notification = Notification(number, Account(other=account), entries, created_at=FRIDAY)
    return take_in(service, corridor, actor, write_camt054(notification))


def told(taken: Taken) -> list[tuple[str, str]]:
    return [(item.status, item.rule) for item in taken.items]


def test_a_credit_confirms_the_pay_in_it_names_and_comes_once(service: Service, corridor: str) -> None:
    """By the end-to-end id, with the bank's reference; sent again it adds nothing, under another id it is refused."""
    amount = due(service, corridor)
    paid = entry(amount, end_to_end_of_cycle_payment(1, "abb"))
    first = notified(service, corridor, paid)
    assert (first.message, first.version, first.message_id, first.status, first.reply) == (
        "camt.054",
        "camt.054.001.08",
        "N1",
        "accepted",
        None,
    )
    again = notified(service, corridor, paid)
    assert (again.recognised, again.position, [item.replayed for item in again.items]) == (True, first.position, [True])
    assert told(notified(service, corridor, paid, number="N2")) == [("RJCT", "not-due-in-cycle")]
    with up_to_date(service, corridor) as at:
        [payment] = cycle(at, 1).payments
    assert (payment.direction, payment.participant, payment.amount, payment.bank_reference) == ("pay_in", "abb", amount, "SB-1")
    with pytest.raises(KeyReused):
        notified(service, corridor, replace(paid, minor=amount + 1))


def test_debits_confirm_withdrawals_by_their_reference_however_long(service: Service, corridor: str) -> None:
    """One entry that books both is taken apart; a wrong amount confirms nothing."""
    both = entry(
        -1_400, "", details=tuple(
            EntryDetail(end_to_end_id=end_to_end_of_withdrawal(reference), minor=700, currency="USD", direction=Direction.DEBIT)
            for reference in ("W-1", LONG)
        ),
    )  # fmt: skip
    wrong = entry(-600, end_to_end_of_withdrawal("W-1"))
    assert told(notified(service, corridor, wrong)) == [("RJCT", "not-due-in-cycle")]
    assert told(notified(service, corridor, both, number="N2")) == [("ACCP", "")] * 2
    with up_to_date(service, corridor) as at:
        assert [(movement(at, one).state, movement(at, one).bank_reference) for one in ("W-1", LONG)] == [("paid", "SB-1")] * 2


def test_what_confirms_nothing_is_taken_note_of_or_refused_by_name(service: Service, corridor: str) -> None:
    """Not booked, taken back, unknown to us; the wrong amount, the wrong side, a cycle that is not there. Nothing is booked for them."""
    amount, name = due(service, corridor), end_to_end_of_cycle_payment(1, "abb")
    before = service.ledger(corridor).log_store.head().position
    taken = notified(
        service, corridor, entry(amount, name, "1", status="PDNG"), entry(amount, name, "2", reversal=True), entry(5, "INVOICE-7", "3"),
        entry(amount + 1, name, "4"), entry(-amount, name, "5"), entry(amount, end_to_end_of_cycle_payment(9, "abb"), "6"),
    )  # fmt: skip
    assert told(taken) == [("ACCP", "")] * 3 + [("RJCT", "not-due-in-cycle")] * 2 + [("RJCT", "cycle-unknown")]
    assert [item.sentence.rpartition(": ")[2] for item in taken.items[:3]] == [
        "it is not booked.", "it takes an earlier entry back.", "it names no payment that the corridor waits for."
    ]  # fmt: skip
    assert (taken.status, service.ledger(corridor).log_store.head().position) == ("part", before)


def test_only_the_settlement_bank_confirms_and_only_of_the_corridors_account(service: Service, corridor: str) -> None:
    """Another sender, another account, no entry at all."""
    paid = entry(due(service, corridor), end_to_end_of_cycle_payment(1, "abb"))
    with pytest.raises(NotPermitted):
        notified(service, corridor, paid, actor="abb")
    assert told(notified(service, corridor, paid, account="99999999")) == [("RJCT", "account-unknown")]
    with pytest.raises(ElementMissing):
        notified(service, corridor, number="N3")
