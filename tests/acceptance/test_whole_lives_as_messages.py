"""Whole lives of transfers as the banks' systems see them: message after message, each valid by its official schema."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from lxml import etree

from corridors import shipped_terms
from ledger.commands import ExpireTransfer, FlagUnanswered
from ledger.iso20022.camt029 import read_camt029
from ledger.iso20022.camt056 import read_camt056
from ledger.iso20022.cases import Case, CaseReason, OriginalTransfer, PartyOrAgent
from ledger.iso20022.credit_transfer import ChargeBearer
from ledger.iso20022.institution_transfer import InstitutionTransfer
from ledger.iso20022.pacs002 import OriginalMessage, read_pacs002
from ledger.iso20022.pacs004 import read_pacs004
from ledger.iso20022.pacs008 import read_pacs008
from ledger.iso20022.pacs009 import read_pacs009
from ledger.iso20022.pacs028 import AskedTransfer, read_pacs028
from ledger.iso20022.parties import Account, Agent
from ledger.iso20022.payment_return import PaymentReturn, ReturnReason
from ledger.iso20022.values import Amount
from tests.acceptance.conftest import FRIDAY_MORNING, LISTED, ServedCorridor, told, transfer, uetr

FRIDAY = date(2026, 3, 27)
TERMS = shipped_terms("abb-psbc")
ABB, PSBC = (Agent(bic=TERMS.participants[bank].bic) for bank in ("abb", "psbc"))
NOT_PROVIDED = OriginalMessage("NOTPROVIDED", "pacs.008.001.08")
CONDITION = {"kind": "parcel_delivered", "reference": "RR123456785MA", "confirmed_by": "psbc", "deadline": "2026-03-29T16:00:00Z"}

Fetch = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def fetch(served: ServedCorridor, conformance_data: Path) -> Iterator[Fetch]:
    """All messages to a bank, each with its document, which its official schema takes."""
    schemas: dict[str, etree.XMLSchema] = {}

    def valid(bank: str) -> list[dict[str, Any]]:
        page = told(served.get(bank, "/messages", at_least=served.head()), 200)
        for message in page["messages"]:
            message["data"] = b64decode(message["document"])
            version = message["version"]
            schema = schemas.setdefault(version, etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / f"{version}.xsd"))))
            schema.assertValid(etree.fromstring(message["data"]))
        found: list[dict[str, Any]] = page["messages"]
        return found

    return valid


def heard(messages: list[dict[str, Any]]) -> list[str]:
    """What each message is, and of a status report what it says."""
    said = []
    for message in messages:
        words = [message["message"]]
        if message["message"] == "pacs.002":
            [status] = read_pacs002(message["data"]).transfers
            words += [status.status, *([status.reason_code] if status.reason_code else [])]
        said.append(" ".join(words))
    return said


def send(served: ServedCorridor, **changes: Any) -> None:
    """A transfer that was taken."""
    told(served.post("abb", "/transfers", transfer(1, end_to_end_id="E2E-1", **changes), "t1"), 201)


def step(served: ServedCorridor, who: str, path: str, body: dict[str, Any], status: int = 200) -> None:
    """A step of the transfer, under a key of its own."""
    told(served.post(who, f"/transfers/{uetr(1)}/{path}", body, f"{path} {body}"), status)


def documents(messages: list[dict[str, Any]], kind: str) -> list[bytes]:
    """Those of one kind."""
    return [message["data"] for message in messages if message["message"] == kind]


def sent_on(messages: list[dict[str, Any]]) -> tuple[OriginalMessage, str]:
    """The pacs.008 as its receiver would name it, and its instruction id."""
    [order] = [message for message in messages if message["message"] == "pacs.008"]
    return OriginalMessage(order["message_id"], order["version"], FRIDAY_MORNING), str(order["position"])


def test_sent_accepted_and_paid(served: ServedCorridor, fetch: Fetch) -> None:
    """The debtor agent hears four statuses, the creditor agent gets one order."""
    send(served)
    step(served, "psbc", "accept", {})
    step(served, "psbc", "pay", {})
    assert heard(fetch("abb")) == ["pacs.002 ACTC", "pacs.002 PDNG", "pacs.002 ACSP", "pacs.002 ACSP G005", "pacs.002 ACCC"]
    assert heard(fetch("psbc")) == ["pacs.008"]


def test_cash_that_is_collected_and_cash_that_is_not(served: ServedCorridor, fetch: Fetch) -> None:
    """Waiting, then handed over or expired."""
    codes = [
        told(served.post("abb", "/transfers", transfer(number, product="account_to_cash"), f"t{number}"), 201)["collection_code"]
        for number in (1, 2)
    ]
    for number in (1, 2):
        told(served.post("psbc", f"/transfers/{uetr(number)}/accept", {}, f"a{number}"), 200)
    told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {"identity_checked": True, "code": codes[0]}, "p1"), 200)
    served.clock.advance(timedelta(days=10, minutes=1))
    expire = ExpireTransfer(corridor=served.corridor, actor="system:expiry", idempotency_key="x", uetr=UUID(uetr(2)))
    assert served.service.ledger(served.corridor).execute(expire).refusal is None
    messages = fetch("abb")
    by_transfer = [heard([one for one in messages if one["uetr"] == uetr(number)]) for number in (1, 2)]
    waiting = ["pacs.002 ACTC", "pacs.002 PDNG", "pacs.002 ACSP", "pacs.002 ACSP G002"]
    assert by_transfer == [[*waiting, "pacs.002 CPUC"], [*waiting, "pacs.002 RJCT NOAS"]]
    assert heard(fetch("psbc")) == ["pacs.008", "pacs.008"]


def test_held_and_rejected(served: ServedCorridor, fetch: Fetch) -> None:
    """The debtor agent learns no more than that it is not done; the creditor agent nothing at all."""
    send(served, debtor=LISTED)
    for officer in ("officer:amina", "officer:bo"):
        told(served.post(officer, f"/cases/hold-{uetr(1)}/opinions", {"opinion": "reject", "reasons": "The same person."}, "o1"), 201)
    assert heard(fetch("abb")) == ["pacs.002 ACTC", "pacs.002 PDNG", "pacs.002 RJCT MS03"]
    assert fetch("psbc") == []


def test_refused_and_lapsed(served: ServedCorridor, fetch: Fetch) -> None:
    """By the creditor agent with its reason; by a parcel that nobody delivered."""
    send(served)
    step(served, "psbc", "refuse", {"reason": "AC04"})
    told(served.post("abb", "/transfers", transfer(2, condition=CONDITION), "t2"), 201)
    served.clock.advance(timedelta(days=3))
    expire = ExpireTransfer(corridor=served.corridor, actor="system:expiry", idempotency_key="x", uetr=UUID(uetr(2)))
    assert served.service.ledger(served.corridor).execute(expire).refusal is None
    assert heard(fetch("abb")) == [
        "pacs.002 ACTC", "pacs.002 PDNG", "pacs.002 ACSP", "pacs.002 RJCT AC04",
        "pacs.002 ACTC", "pacs.002 PDNG", "pacs.002 RJCT NOAS",
    ]  # fmt: skip
    assert heard(fetch("psbc")) == ["pacs.008"]


@pytest.mark.parametrize("agreed", [True, False], ids=["agreed", "declined"])
def test_recalled(served: ServedCorridor, fetch: Fetch, agreed: bool) -> None:
    """The question goes on to the creditor agent about the order it was sent, the answer back to the debtor agent about its own; only an
    answer that agrees ends the transfer."""
    send(served)
    step(served, "abb", "recalls", {"recall": "CASE-7", "reason": "DUPL"}, 201)
    step(served, "psbc", "recalls/CASE-7/answer", {"agreed": agreed, "reason": "CUST" if agreed else "LEGL"})
    of_abb, of_psbc = fetch("abb"), fetch("psbc")
    assert heard(of_psbc) == ["pacs.008", "camt.056"]
    assert heard(of_abb) == ["pacs.002 ACTC", "pacs.002 PDNG", "pacs.002 ACSP", "camt.029", *(["pacs.002 RJCT CUST"] if agreed else [])]
    [order] = read_pacs008(documents(of_psbc, "pacs.008")[0]).transfers
    amount = (order.settlement_minor, "USD")
    asker, answerer = PartyOrAgent(agent=ABB), PartyOrAgent(agent=PSBC)
    message, instruction_id = sent_on(of_psbc)
    recall = read_camt056(documents(of_psbc, "camt.056")[0])
    [asked] = recall.transfers
    assert (recall.assignment.assigner, recall.assignment.assignee, recall.message_id) == (asker, answerer, of_psbc[1]["message_id"])
    assert (asked.original, asked.case, asked.reasons, asked.findings) == (
        OriginalTransfer(UUID(uetr(1)), instruction_id, "E2E-1", amount=amount, settlement_date=FRIDAY, message=message),
        Case("CASE-7", asker),
        (CaseReason("DUPL"),),
        (),
    )
    answer = read_camt029(documents(of_abb, "camt.029")[0])
    [answered] = answer.transfers
    assert (answer.assignment.assigner, answer.assignment.assignee, answer.confirmation) == (answerer, asker, "CNCL" if agreed else "RJCR")
    assert (answered.original, answered.case, answered.reasons, answered.findings) == (
        OriginalTransfer(UUID(uetr(1)), None, "E2E-1", amount=amount, settlement_date=FRIDAY, message=NOT_PROVIDED),
        Case("CASE-7", asker),
        () if agreed else (CaseReason("LEGL"),),
        (),
    )


def test_paid_and_returned_in_two_parts(served: ServedCorridor, fetch: Fetch) -> None:
    """Each part in the settlement currency and in the one the debtor sent; together they are the whole. No status goes with it."""
    send(served)
    step(served, "psbc", "pay", {})
    for return_id, amount in (("R1", "240.00"), ("R2", "500.52")):
        step(served, "psbc", "return", {"return_id": return_id, "amount": amount, "currency": "CNY", "reason": "AC06"})
    of_abb = fetch("abb")
    assert heard(of_abb) == ["pacs.002 ACTC", "pacs.002 PDNG", "pacs.002 ACSP", "pacs.002 ACCC", "pacs.004", "pacs.004"]
    parts = [part for data in documents(of_abb, "pacs.004") for part in read_pacs004(data).outcomes]
    first = parts[0]
    assert isinstance(first, PaymentReturn) and first.chain is not None
    assert replace(first, chain=None) == PaymentReturn(
        index=1,
        uetr=UUID(uetr(1)),
        return_id="R1",
        original=NOT_PROVIDED,
        original_end_to_end_id="E2E-1",
        original_settlement=Amount(10_731, "USD"),
        original_settlement_date=FRIDAY,
        returned=Amount(3_478, "USD"),
        returned_instructed=Amount(32_410, "MAD"),
        settlement_date=FRIDAY,
        charge_bearer=ChargeBearer.DEBTOR,
        instructing_agent=PSBC,
        instructed_agent=ABB,
        reasons=(ReturnReason("AC06"),),
    )
    assert [getattr(end, "name", None) for end in (first.chain.debtor, first.chain.creditor)] == ["Wei Shili", "Yasmina Testouni"]
    totals = [(one.returned, one.returned_instructed) for one in parts if isinstance(one, PaymentReturn)]
    assert [sum(amount.minor for amount in each if amount is not None) for each in zip(*totals, strict=True)] == [10_731, 100_000]


def test_silence_is_asked_about(served: ServedCorridor, fetch: Fetch) -> None:
    """The creditor agent is asked about the order it was sent; the debtor agent hears nothing, since nothing is known."""
    send(served)
    since = FRIDAY_MORNING + timedelta(minutes=30)
    flag = FlagUnanswered(corridor=served.corridor, actor="system:resolver", idempotency_key="u", uetr=UUID(uetr(1)), since=since)
    assert served.service.ledger(served.corridor).execute(flag).refusal is None
    of_psbc = fetch("psbc")
    message, instruction_id = sent_on(of_psbc)
    [question] = [read_pacs028(data) for data in documents(of_psbc, "pacs.028")]
    assert question.asked == (
        AskedTransfer(
            index=1,
            uetr=UUID(uetr(1)),
            request_id=of_psbc[1]["message_id"],
            original=message,
            original_instruction_id=instruction_id,
            original_end_to_end_id="E2E-1",
            instructing_agent=ABB,
            instructed_agent=PSBC,
        ),
    )
    assert heard(fetch("abb")) == ["pacs.002 ACTC", "pacs.002 PDNG", "pacs.002 ACSP"]


def money(participant: str, amount: str, reference: str) -> dict[str, str]:
    """A settlement movement."""
    return {"participant": participant, "amount": amount, "currency": "USD", "reference": reference}


def test_the_settlement_bank_is_told_what_to_pay_out_once_it_was_paid_in(served: ServedCorridor, fetch: Fetch) -> None:
    """Not before the last pay-in of the cycle is confirmed; a withdrawal when it is booked. Each instruction says what it is about."""
    send(served)
    step(served, "psbc", "pay", {})
    told(served.post("operator:ops", "/cycles", {}, "c1"), 201)
    assert fetch("bank:settlement") == []
    paid_in = {"participant": "abb", "amount": "108.31", "currency": "USD", "bank_reference": "B-1"}
    told(served.post("bank:settlement", "/cycles/1/pay-ins", paid_in, "i1"), 200)
    told(served.post("bank:settlement", "/prefunds", money("abb", "500.00", "F-1"), "f1"), 201)
    asked = told(served.post("abb", "/withdrawals", money("abb", "200.00", "W-1"), "w1"), 201)
    messages = fetch("bank:settlement")
    assert heard(messages) == ["pacs.009", "pacs.009"]
    bank, holder = Agent(bic=TERMS.settlement.bank_bic), Agent(name=TERMS.settlement.holder)
    account = Account(other=TERMS.settlement.statement_account, currency="USD")
    files = [read_pacs009(message["data"]) for message in messages]
    found = [one for file in files for one in file.outcomes if isinstance(one, InstitutionTransfer)]
    assert [(one.end_to_end_id, one.settlement, one.creditor) for one in found] == [
        ("CYCLE-1-psbc", Amount(10_831, "USD"), PSBC), ("WITHDRAWAL-W-1", Amount(20_000, "USD"), ABB),
    ]  # fmt: skip
    assert {(one.debtor, one.debtor_account, one.debtor_agent, one.instructed_agent, one.settlement_date) for one in found} == {
        (holder, account, bank, bank, FRIDAY)
    }
    assert [file.group.created_at for file in files] == [datetime(2026, 3, 27, 9, tzinfo=UTC)] * 2
    assert messages[1]["position"] <= asked["position"]
    assert fetch("bank:settlement") == messages
    for bank_name in ("abb", "psbc"):
        assert "pacs.009" not in heard(fetch(bank_name))
