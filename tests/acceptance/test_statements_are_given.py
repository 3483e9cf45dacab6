"""A bank fetches the statements of its own position account, in the form it likes, and nobody else's."""

from datetime import timedelta

import pytest

from ledger.iso20022.camt053 import read_camt053
from ledger.iso20022.camt054 import read_camt054
from reconciliation.csv_statement import read_csv_statement
from tests.acceptance.conftest import ServedCorridor, told, transfer, uetr

DAY = "/accounts/abb:position:USD/statements/2026-03-27"


@pytest.fixture
def closed(served: ServedCorridor) -> ServedCorridor:
    """A prefund and a transfer on Friday; it is Saturday now, and somebody has read all of it."""
    body = {"participant": "abb", "amount": "1000.00", "currency": "USD", "reference": "SB-1"}
    told(served.post("bank:settlement", "/prefunds", body, "p1"), 201)
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    told(served.get("abb", "/transfers", at_least=served.head()), 200)
    served.clock.advance(timedelta(days=1))
    return served


def in_form(served: ServedCorridor, principal: str, path: str, accept: str) -> tuple[int, str, bytes]:
    answer = served.client.get(served.path(path), headers={"Accept": accept}, auth=served.signer(principal))
    return answer.status_code, answer.headers["Content-Type"].partition(";")[0], answer.content


def test_a_bank_takes_its_statement_as_it_likes(closed: ServedCorridor) -> None:
    """camt.053 unless it asks for CSV or JSON; the same bytes each time, also after later bookings."""
    status, kind, xml = in_form(closed, "abb", DAY, "*/*")
    (statement,) = read_camt053(xml)
    assert (status, kind, statement.id, statement.sequence) == (200, "application/xml", f"{closed.corridor}-abb-20260327", 1)
    assert [(entry.code.proprietary, entry.signed_minor) for entry in statement.entries] == [("prefund", 100_000), ("funding", -10_831)]
    assert str(statement.entries[1].details[0].uetr) == uetr(1)
    status, kind, listed = in_form(closed, "abb", DAY, "text/csv")
    assert (status, kind, read_csv_statement(listed).closing.minor) == (200, "text/csv", statement.closing.minor)
    shown = told(closed.client.get(closed.path(DAY), headers={"Accept": "application/json"}, auth=closed.signer("abb")), 200)
    assert (shown["opening"], shown["closing"], shown["credits"], shown["debits"]) == ("0.00", "891.69", 1, 1)
    assert [(line["entry"], line["reported_as"]) for line in shown["lines"]] == [("prefund", "SB-1"), ("funding", None)]
    later = {"participant": "abb", "amount": "5.00", "currency": "USD", "reference": "SB-2"}
    told(closed.post("bank:settlement", "/prefunds", later, "p2"), 201)
    assert in_form(closed, "operator:ops", DAY, "application/xml")[2] == xml
    assert in_form(closed, "abb", DAY, "image/png")[0] == 406


def test_a_bank_finds_no_other_banks_statement(closed: ServedCorridor) -> None:
    """The other bank's account is told like one that does not exist; so is its notification."""
    for path in (DAY, "/accounts/abb:position:USD/notification"):
        found = told(closed.get("psbc", path), 404)
        assert (found["type"], found["field"]) == ("/problems/account-unknown", "account")
    own = in_form(closed, "psbc", DAY.replace("abb", "psbc"), "*/*")
    assert (own[0], read_camt053(own[2])[0].entries) == (200, ())


def test_what_has_no_statement_says_so(closed: ServedCorridor) -> None:
    """A Saturday, a day before the corridor was opened, an account of another kind, a day that is not over, a date that is none."""
    for path, status, kind in (
        (DAY.replace("27", "28"), 404, "statement-unknown"),
        (DAY.replace("27", "26"), 404, "statement-unknown"),
        (DAY.replace("position", "cash").replace("USD", "MAD"), 404, "statement-unknown"),
        (DAY.replace("27", "30"), 409, "day-not-closed"),
        (DAY.replace("2026", "2027"), 409, "calendar-exhausted"),
        (DAY.replace("27", "77"), 400, "request-invalid"),
    ):
        assert told(closed.get("abb", path), status)["type"] == f"/problems/{kind}", path


def test_a_notification_tells_what_was_booked_since(closed: ServedCorridor) -> None:
    """From a position on; the next one begins where its header says this one ended."""
    first = closed.get("abb", "/accounts/abb:position:USD/notification", until=closed.head() - 1)
    after = int(first.headers["Corridor-Position"])
    second = closed.get("abb", "/accounts/abb:position:USD/notification", after=after)
    (begun,), (rest,) = read_camt054(first.content), read_camt054(second.content)
    assert [entry.code.proprietary for entry in (*begun.entries, *rest.entries)] == ["prefund", "funding"]
    assert int(second.headers["Corridor-Position"]) == closed.head()
