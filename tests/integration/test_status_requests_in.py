"""Questions of a debtor agent: answered with where each of its transfers stood when the question came."""

from __future__ import annotations

from uuid import UUID

import pytest

from ledger import commands as c
from ledger.bootstrap import Service
from ledger.errors import NotPermitted, UnknownParticipant
from ledger.iso20022.credit_transfer import Product
from ledger.iso20022.pacs002 import read_pacs002
from ledger.iso20022.pacs028 import AskedTransfer, StatusRequest, write_pacs028
from ledger.iso20022.parties import Agent
from ledger.iso20022.status_report import OriginalMessage
from ledger.messages.incoming import take_in
from tests.integration.bank_messages import (
    HIT,
    MADE_AT,
    dispatched,
    do,
    file_of,
    head,
    question,
    replied,
    says,
    status_report,
)

ACCOUNT, CASH = Product.ACCOUNT_TO_ACCOUNT, Product.ACCOUNT_TO_CASH
NOWHERE = UUID("00000000-1111-4222-8333-444444444444")


def test_each_transfer_is_answered_with_where_it_stands(service: Service, corridor: str) -> None:
    """Sent, accepted, waiting as cash, paid, refused, held, and one that nobody knows."""
    sent, accepted, cash, paid, refused = dispatched(service, corridor, ACCOUNT, ACCOUNT, CASH, ACCOUNT, ACCOUNT)
    data, [held] = file_of(ACCOUNT, seed=12, debtor=HIT)
    take_in(service, corridor, "abb", data)
    take_in(
        service, corridor, "psbc",
        status_report("S1", says(accepted, "ACSP"), says(cash, "ACSP"), says(paid, "ACCC"), says(refused, "RJCT", "AC04")),
    )  # fmt: skip

    taken = take_in(service, corridor, "abb", question("Q1", [sent, accepted, cash, paid, refused, held.uetr, NOWHERE]))

    assert replied(taken.reply) == [
        (str(sent), "ACSP", None),
        (str(accepted), "ACSP", "G005"),
        (str(cash), "ACSP", "G002"),
        (str(paid), "ACCC", None),
        (str(refused), "RJCT", "AC04"),
        (str(held.uetr), "PDNG", None),
        (str(NOWHERE), "RJCT", "AG09"),
    ]
    assert (taken.message, taken.version, taken.message_id, taken.recognised) == ("pacs.028", "pacs.028.001.03", "Q1", False)
    reply = read_pacs002(taken.reply or b"")
    assert (reply.message_id, reply.groups) == ("STS-pacs.028-Q1", ())
    assert [one.end_to_end_id for one in reply.transfers] == [f"E{number}" for number in range(1, 8)]


def test_the_same_question_again_gets_the_same_bytes(service: Service, corridor: str) -> None:
    """It was asked before the payment; whoever wants to know more asks anew. Nothing is left in the log but the first receipt."""
    [uetr] = dispatched(service, corridor)
    first = take_in(service, corridor, "abb", question("Q1", [uetr]))
    take_in(service, corridor, "psbc", status_report("S1", says(uetr, "ACCC")))
    before = head(service, corridor)

    again = take_in(service, corridor, "abb", question("Q1", [uetr]))

    assert head(service, corridor) == before
    assert (again.recognised, again.reply) == (True, first.reply)
    assert replied(take_in(service, corridor, "abb", question("Q2", [uetr])).reply) == [(str(uetr), "ACCC", None)]


def test_after_a_hold_a_rejection_gives_no_reason_but_one(service: Service, corridor: str) -> None:
    """MS03, whatever the officers found."""
    data, [held] = file_of(ACCOUNT, debtor=HIT)
    take_in(service, corridor, "abb", data)
    for officer in ("amina", "li"):
        do(service, corridor, c.GiveOpinion, f"officer:{officer}", case=f"hold-{held.uetr}", opinion="reject", reasons="22" * 32)
    assert replied(take_in(service, corridor, "abb", question("Q1", [held.uetr])).reply) == [(str(held.uetr), "RJCT", "MS03")]


def test_another_banks_transfer_is_answered_like_none(service: Service, corridor: str) -> None:
    """Even where the one who asks is to pay it: it has its own feed."""
    [uetr] = dispatched(service, corridor)

    taken = take_in(service, corridor, "psbc", question("Q1", [uetr, NOWHERE]))

    assert [(item.status, item.reason, item.rule, item.position) for item in taken.items] == [
        ("RJCT", "AG09", "transfer-unknown", None)
    ] * 2
    assert {item.sentence.replace(str(item.uetr), "…") for item in taken.items} == {"There is no transfer … to speak of. Check the UETR."}


def test_a_question_that_breaks_a_rule_is_answered_beside_the_others(service: Service, corridor: str) -> None:
    """And the reply names the message that the transfer came in as the question does."""
    [uetr] = dispatched(service, corridor)
    asked = AskedTransfer(1, uetr, original=OriginalMessage("F1", "pacs.008.001.08"), original_transaction_id="T1")
    data = write_pacs028(StatusRequest("Q1", MADE_AT, (asked, AskedTransfer(2, NOWHERE)))).replace(str(NOWHERE).encode(), b"nothing")

    taken = take_in(service, corridor, "abb", data)

    assert [(item.status, item.reason, item.rule, item.field) for item in taken.items] == [
        ("ACSP", "", "", ""),
        ("RJCT", "CH16", "uetr-invalid", "OrgnlUETR"),
    ]
    [status, _] = read_pacs002(taken.reply or b"").transfers
    assert (status.original, status.transaction_id) == (OriginalMessage("F1", "pacs.008.001.08"), "T1")


def test_who_asks_is_who_sent_the_question(service: Service, corridor: str) -> None:
    """No stranger, and nobody in another's name."""
    [uetr] = dispatched(service, corridor)
    with pytest.raises(UnknownParticipant):
        take_in(service, corridor, "nobody", question("Q1", [uetr]))
    foreign = StatusRequest("Q1", MADE_AT, (AskedTransfer(1, uetr),), instructing_agent=Agent("PSBCCNBJXXX"))
    with pytest.raises(NotPermitted, match="names PSBCCNBJXXX as its sender"):
        take_in(service, corridor, "abb", write_pacs028(foreign))
