"""Both banks speak ISO 20022 over HTTP: a file goes out, the creditor agent reports and returns, the debtor agent asks."""

from __future__ import annotations

import httpx

from api.signing import idempotency_key
from ledger.iso20022.credit_transfer import Product
from ledger.iso20022.values import Amount
from tests.acceptance.conftest import ServedCorridor, told
from tests.integration.bank_messages import file_of, part, payment_return, question, replied, says, status_report

XML = "application/xml"


def send(served: ServedCorridor, who: str, data: bytes, key: str) -> httpx.Response:
    """Sends a message as a bank does."""
    return served.client.post(
        served.path("/messages"), content=data, auth=served.signer(who),
        headers={"Content-Type": XML, "Accept": XML} | idempotency_key(key),
    )  # fmt: skip


def answered(served: ServedCorridor, who: str, data: bytes, key: str) -> list[tuple[str, str | None]]:
    """The status and the reason of each transaction in the answer, which is the same each time."""
    answer = send(served, who, data, key)
    assert answer.status_code == 200, answer.text
    assert send(served, who, data, key).content == answer.content
    assert send(served, who, data, f"{key}-again").content == answer.content
    return [(status, reason) for _, status, reason in replied(answer.content)]


def test_two_transfers_live_by_messages_alone(served: ServedCorridor) -> None:
    """Sent, accepted, paid and returned the one; refused the other. Each word is answered, and each question too."""
    file, [paid, refused] = file_of(Product.ACCOUNT_TO_ACCOUNT, Product.ACCOUNT_TO_ACCOUNT)
    both = [paid.uetr, refused.uetr]
    assert answered(served, "abb", file, "1") == [("ACTC", None)] * 2

    report = status_report("S1", says(paid.uetr, "ACSP", "G005"), says(refused.uetr, "RJCT", "AC04"))
    assert answered(served, "psbc", report, "2") == [("ACCP", None)] * 2
    assert answered(served, "abb", question("Q1", both), "3") == [("ACSP", "G005"), ("RJCT", "AC04")]

    assert answered(served, "psbc", status_report("S2", says(paid.uetr, "ACCC"), says(refused.uetr, "ACCC")), "4") == [
        ("ACCP", None),
        ("RJCT", "NARR"),
    ]
    ten = payment_return("B1", part(paid.uetr, Amount(1_000, "USD")), part(refused.uetr, Amount(1_000, "USD")))
    assert answered(served, "psbc", ten, "5") == [("ACSC", None), ("RJCT", "NARR")]

    assert answered(served, "abb", question("Q2", both), "6") == [("ACCC", None), ("RJCT", "AC04")]
    assert answered(served, "abb", question("Q1", both), "7") == [("ACSP", "G005"), ("RJCT", "AC04")]
    states = [told(served.get("abb", f"/transfers/{uetr}", at_least=served.head()), 200)["state"] for uetr in both]
    assert states == ["returned", "refunded"]
