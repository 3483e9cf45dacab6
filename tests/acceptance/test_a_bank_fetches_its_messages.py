"""A bank that speaks ISO 20022 fetches what the corridor says to it."""

from base64 import b64decode
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from lxml import etree

from ledger.domain.transfer import Transfer
from ledger.iso20022.pacs002 import read_pacs002
from ledger.iso20022.pacs008 import read_pacs008
from ledger.iso20022.parties import Account
from tests.acceptance.conftest import LISTED, ServedCorridor, told, transfer, uetr


def fetched(served: ServedCorridor, who: str, after: int = 0, limit: int = 100) -> dict[str, Any]:
    """A page of a bank's messages, as far as the log goes now."""
    page: dict[str, Any] = told(served.get(who, "/messages", after=after, limit=limit, at_least=served.head()), 200)
    return page


def statuses(page: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Status and reason of each pacs.002."""
    reports = [read_pacs002(b64decode(one["document"])) for one in page["messages"] if one["message"] == "pacs.002"]
    return [(one.status, one.reason_code) for report in reports for one in report.transfers]


def test_each_bank_fetches_its_own_messages_and_reads_on_where_it_stopped(served: ServedCorridor) -> None:
    """The creditor agent what to pay, the debtor agent how it goes, in log order; nothing is used up by reading."""
    told(served.post("abb", "/transfers", transfer(1, end_to_end_id="E2E-1"), "t1"), 201)
    of_psbc, of_abb = fetched(served, "psbc"), fetched(served, "abb")
    [order] = of_psbc["messages"]
    assert {name: order[name] for name in ("index", "message", "version", "uetr")} == {
        "index": 1, "message": "pacs.008", "version": "pacs.008.001.08", "uetr": uetr(1),
    }  # fmt: skip
    assert (order["message_id"], of_psbc["position"], of_psbc["next"]) == (
        f"{served.corridor}-{order['position']}-1", served.head(), order["position"],
    )  # fmt: skip
    [received] = read_pacs008(b64decode(order["document"])).transfers
    assert (str(received.uetr), received.end_to_end_id, received.creditor.native_name) == (uetr(1), "E2E-1", "魏实例")
    # Over the API nobody has to say out of which account the money came.
    assert (received.debtor_account, received.creditor_account) == (Account(other="NOTPROVIDED"), Account(other="6210000000000000000"))
    assert statuses(of_abb) == [("ACTC", None), ("PDNG", None), ("ACSP", None)]
    assert fetched(served, "psbc", after=of_psbc["next"])["messages"] == []

    told(served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a1"), 200)
    told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p1"), 200)
    later = fetched(served, "abb", after=of_abb["next"], limit=1)
    assert statuses(later) == [("ACSP", "G005")]
    assert statuses(fetched(served, "abb", after=later["next"], limit=1)) == [("ACCC", None)]
    assert fetched(served, "psbc") == {**of_psbc, "position": served.head()}
    assert statuses(fetched(served, "abb")) == [("ACTC", None), ("PDNG", None), ("ACSP", None), ("ACSP", "G005"), ("ACCC", None)]


def test_one_message_is_fetched_as_the_document_that_it_is(served: ServedCorridor, conformance_data: Path) -> None:
    """The very bytes of the list, valid by the official schema; to anybody else there is no such message."""
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    for bank in ("abb", "psbc"):
        for one in fetched(served, bank)["messages"]:
            path = f"/messages/{one['position']}/{one['index']}"
            answer = served.get(bank, path)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
            assert answer.content == b64decode(one["document"])
            schema = etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / f"{one['version']}.xsd")))
            schema.assertValid(etree.fromstring(answer.content))
            other = told(served.get("abb" if bank == "psbc" else "psbc", path), 404)
            assert (other["type"], other["value"]) == ("/problems/message-unknown", str(one["position"]))


def test_nobody_but_a_bank_of_the_corridor_is_sent_messages(served: ServedCorridor) -> None:
    """People read what they oversee elsewhere; the settlement bank is sent nothing about a transfer."""
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    for person in ("officer:amina", "operator:ops"):
        for path in ("/messages", "/messages/1/0"):
            assert told(served.get(person, path), 403)["type"] == "/problems/not-permitted"
    assert fetched(served, "bank:settlement")["messages"] == []


def test_a_held_transfer_is_told_like_one_that_waits_for_its_parcel(served: ServedCorridor) -> None:
    """Over HTTP too, message for message, until both went onward."""
    condition = {"kind": "parcel_delivered", "reference": "RR123456785MA", "confirmed_by": "psbc", "deadline": "2026-03-29T16:00:00Z"}
    told(served.post("abb", "/transfers", transfer(1, debtor=LISTED), "t1"), 201)
    told(served.post("abb", "/transfers", transfer(2, condition=condition), "t2"), 201)
    for officer in ("officer:amina", "officer:bo"):
        told(served.post(officer, f"/cases/hold-{uetr(1)}/opinions", {"opinion": "clear", "reasons": "Another person."}, "o1"), 201)
    told(served.post("psbc", f"/transfers/{uetr(2)}/condition", {"reference": "RR123456785MA"}, "c2"), 200)
    page = fetched(served, "abb")
    by_transfer = [{**page, "messages": [one for one in page["messages"] if one["uetr"] == uetr(number)]} for number in (1, 2)]
    assert [statuses(one) for one in by_transfer] == [[("ACTC", None), ("PDNG", None), ("ACSP", None)]] * 2
    held, waiting = ([(one["index"], one["position"] - of["messages"][0]["position"]) for one in of["messages"][:2]] for of in by_transfer)
    assert held == waiting == [(0, 0), (1, 0)]


def test_a_person_who_was_erased_leaves_a_gap(served: ServedCorridor) -> None:
    """The message keeps its place and its id, and has no document any more."""
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    [before] = fetched(served, "psbc")["messages"]
    ledger = served.service.ledger(served.corridor)
    creditor = cast(Transfer, ledger.repository.get(UUID(before["uetr"]))).creditor
    served.service.vault.erase(creditor, served.clock())
    [after] = fetched(served, "psbc")["messages"]
    assert after == {name: value for name, value in before.items() if name != "document"}
    gone = told(served.get("psbc", f"/messages/{before['position']}/{before['index']}"), 404)
    assert gone["type"] == "/problems/message-unknown"
