"""Bad input is told by field, value and way out; nothing of it reaches the log, and nobody's name comes back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.signing import idempotency_key
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.domain import ids
from ledger.settings import Settings
from tests.acceptance.conftest import FRIDAY_MORNING, LISTED, WEI, YASMINA, ServedCorridor, told, transfer, uetr
from tests.conftest import fresh_corridor

# Said of every request that cannot be read.
UNREAD = {"type": "/problems/request-invalid", "title": "A field of the request is not valid", "status": 400, "transient": False}
NOT_USED = "the idempotency key was not used."


@pytest.fixture(scope="module")
def shared(acceptance_settings: Settings) -> Iterator[ServedCorridor]:
    """One corridor for all of this table, since nothing in it may leave anything behind; one transfer of it is paid."""
    clock = SetClock(FRIDAY_MORNING)
    with Service(acceptance_settings, clock=clock) as service:
        served = ServedCorridor(service, fresh_corridor(), clock)
        try:
            served.open()
            told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
            told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p1"), 200)
            told(served.post("abb", "/transfers", transfer(2), "t2"), 201)
            yield served
        finally:
            served.close()


def amount(detail: str, value: str, way_out: str) -> dict[str, Any]:
    """An amount that is none."""
    return {
        "type": "/problems/amount-invalid",
        "title": "The amount is not valid",
        "status": 400,
        "detail": detail,
        "field": "amount",
        "value": value,
        "way_out": way_out,
        "transient": False,
    }


def unread(field: str, expected: str, value: str | None = None, way_out: str | None = None) -> dict[str, Any]:
    """A field that cannot be read."""
    told: dict[str, Any] = {**UNREAD, "detail": f"{field}: {expected}.", "field": field}
    told["way_out"] = way_out or f"Correct {field} and send the request again; {NOT_USED}"
    return told if value is None else told | {"value": value}


PLAIN = "Write digits with a point and at most 2 decimals, such as 100.00."

# What cannot be read is refused before the ledger is asked: no receipt, the key can be used again.
UNREADABLE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "too many decimals": (
        {"amount": "1000.001"}, amount("amount '1000.001' has 3 decimals; MAD has 2.", "1000.001", "Send at most 2 decimals."),
    ),
    "zero": ({"amount": "0.00"}, amount("amount is zero.", "0.00", "Send an amount above zero.")),
    "negative": ({"amount": "-5.00"}, amount("amount '-5.00' is not a positive decimal.", "-5.00", PLAIN)),
    "exponent": ({"amount": "1e3"}, amount("amount '1e3' is not a positive decimal.", "1e3", PLAIN)),
    "thousands": ({"amount": "1,000.00"}, amount("amount '1,000.00' is not a positive decimal.", "1,000.00", PLAIN)),
    "Arabic digits": ({"amount": "١٠٠٠"}, amount("amount '١٠٠٠' is not a positive decimal.", "١٠٠٠", PLAIN)),
    "empty amount": ({"amount": ""}, {**amount("amount '' is not a positive decimal.", "", PLAIN), "value": None}),
    "a number": ({"amount": 1000.00}, unread("amount", "input should be a valid string", "1000.0")),
    "a huge number of digits": (
        {"amount": "9" * 19}, amount(f"amount '{'9' * 19}' has more than 18 digits.", "9" * 19, "Send a smaller amount."),
    ),
    "no such currency": (
        {"currency": "XQX"},
        {**UNREAD, "detail": "'XQX' is not an ISO 4217 currency.", "field": "currency", "value": "XQX",
         "way_out": "Use a code such as MAD."},
    ),
    "lower-case currency": ({"currency": "mad"}, unread("currency", "string should match pattern '^[A-Z]{3}$'", "mad")),
    "uetr of another version": (
        {"uetr": "5c9f3f5e-1a4e-5d0b-8f5c-2f0a6e0c7d11"},
        unread("uetr", "is not a UUID of the version asked for", "5c9f3f5e-1a4e-5d0b-8f5c-2f0a6e0c7d11"),
    ),
    "charge bearer": (
        {"charge_bearer": "NOBODY"}, unread("charge_bearer", "input should be 'DEBT', 'SHAR', 'CRED' or 'SLEV'", "NOBODY"),
    ),
    "unknown field": (
        {"amout": "Yasmina"}, unread("amout", "is not known here", way_out="Leave it out, or check its spelling."),
    ),
    "unknown field with a strange name": (
        {"Yasmina Testouni!": 1}, unread("?", "is not known here", way_out="Leave it out, or check its spelling."),
    ),
    "a party without a name": (
        {"debtor": {"town": "Rabat"}}, unread("debtor.name", "is missing", way_out="Send debtor.name."),
    ),
    "a party's country by name": (
        {"debtor": YASMINA | {"country": "Morocco"}}, unread("debtor.country", "string should match pattern '^[A-Z]{2}$'"),
    ),
    "a party's name too long": (
        {"creditor": WEI | {"name": "Wei" * 50}}, unread("creditor.name", "string should have at most 140 characters"),
    ),
    "a party that is a text": (
        {"creditor": "Wei Shili"}, unread("creditor", "is not a JSON object"),
    ),
    "a name that holds no letter": (
        {"debtor": YASMINA | {"name": "---"}},
        {"type": "/problems/malformed", "title": "The request cannot be read", "status": 400,
         "detail": "The debtor has no name that can be screened.", "field": "debtor.name",
         "way_out": "Give the name in letters of any script.", "transient": False},
    ),
    "remittance too long": ({"remittance": "for Yasmina " * 20}, unread("remittance", "string should have at most 140 characters")),
    "a deadline without offset": (
        {"condition": {"kind": "parcel_delivered", "reference": "R1", "confirmed_by": "psbc", "deadline": "2026-04-10T16:00:00"}},
        unread("condition.deadline", "is not a date or instant of RFC 3339 with its offset", "2026-04-10T16:00:00"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_named_and_burns_no_key(shared: ServedCorridor, what: str) -> None:
    """400 with the whole body, no event, no receipt."""
    changes, expected = UNREADABLE[what]
    before = shared.head()
    answer = told(shared.post("abb", "/transfers", transfer(7, **changes), "bad"), 400)
    assert answer == {name: value for name, value in expected.items() if value is not None}
    assert shared.head() == before
    assert shared.service.ledger(shared.corridor).log_store.receipt(ids.receipt_digest("abb", "bad")) is None
    assert "Yasmina" not in str(answer) and "Wei" not in str(answer)


def refused(code: str, title: str, status: int, detail: str, field: str, value: str | None, way_out: str) -> dict[str, Any]:
    """A rule's refusal, as it is told."""
    told: dict[str, Any] = {"type": f"/problems/{code}", "title": title, "status": status, "detail": detail, "field": field}
    return told | ({} if value is None else {"value": value}) | {"way_out": way_out, "transient": False}


NO_TRANSFER = refused("transfer-unknown", "There is no such transfer", 404, f"There is no transfer {uetr(9)}.", "uetr", uetr(9),
                      "Check the UETR, or initiate the transfer first.")  # fmt: skip
OVER = refused("amount-over-limit", "The amount is over a limit", 422, "50000.01 MAD is above the limit of 50000.00 for one transfer.",
               "amount", "50000.01", "Send at most 50000.00 MAD.")  # fmt: skip

# What a rule of the corridor refuses: (who, path, body, the problem).
REFUSED: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "wrong currency": (
        "abb", "/transfers", transfer(7, currency="EUR"),
        refused("currency-not-accepted", "The currency is not accepted here", 422, "abb sends MAD, not EUR.", "currency", "EUR",
                "Send the instructed amount in MAD."),
    ),
    "over the limit": ("abb", "/transfers", transfer(7, amount="50000.01"), OVER),
    "over the limit, quoted": ("abb", "/quotes", {"creditor_agent": "psbc", "amount": "50000.01", "currency": "MAD"}, OVER),
    "over the purpose's limit": (
        "abb", "/transfers", transfer(7, amount="10000.01"),
        refused("amount-over-limit", "The amount is over a limit", 422, "Purpose DEPD carries at most 10000.00 MAD.", "amount",
                "10000.01", "Send at most 10000.00."),
    ),
    "under the minimum": (
        "abb", "/transfers", transfer(7, amount="99.99"),
        refused("amount-under-limit", "The amount is under a minimum", 422, "99.99 MAD is below the minimum of 100.00 for one transfer.",
                "amount", "99.99", "Send at least 100.00 MAD."),
    ),
    "unknown quote": (
        "abb", "/transfers", transfer(7, quote=uetr(70)),
        refused("quote-unknown", "There is no such quote", 404, f"There is no quote {uetr(70)}.", "quote", uetr(70),
                "Ask for a quote first."),
    ),
    "unknown creditor agent": (
        "abb", "/transfers", transfer(7, creditor_agent="nobody"),
        refused("unknown-participant", "There is no such participant", 422, "'nobody' is not a participant of {corridor}.", "participant",
                "nobody", "Use one of abb, psbc."),
    ),
    "unknown purpose": (
        "abb", "/transfers", transfer(7, purpose="CASH"),
        refused("purpose-unknown", "The purpose is not agreed", 422, "Purpose 'CASH' is not agreed for abb to psbc.", "purpose", "CASH",
                "Use one of DEPD, EDUC, GDDS, GIFT, MDCS, SALA, STDY."),
    ),
    "unknown product": (
        "abb", "/transfers", transfer(7, product="pigeon"),
        refused("product-unknown", "The product is not agreed", 422, "Product 'pigeon' is not agreed for abb to psbc.", "product", "pigeon",
                "Use one of account_to_account, account_to_cash, cash_to_account, cash_to_cash, merchant_qr."),
    ),
    "evidence missing": (
        "abb", "/transfers", transfer(7, evidence=["identity"]),
        refused("evidence-missing", "Evidence is missing", 422, "Purpose DEPD needs evidence: kinship.", "evidence", "DEPD",
                "Collect it from the debtor and name it in the request."),
    ),
    "a field of a party missing": (
        "abb", "/transfers", transfer(7, debtor={"name": "Yasmina Testouni", "country": "MA"}),
        refused("party-field-missing", "A field of a party is missing", 422, "This amount needs debtor.town.", "debtor.town", None,
                "Complete the party in the message and send it with a new key."),
    ),
    "uetr seen with other data": (
        "abb", "/transfers", transfer(1, amount="2000.00"),
        refused("uetr-already-used", "The UETR was used", 409, f"UETR {uetr(1)} was used before.", "uetr", uetr(1),
                "Use a new UETR for a new transfer; to learn what became of this one, show it."),
    ),
    "step of an unknown transfer": ("psbc", f"/transfers/{uetr(9)}/accept", {}, NO_TRANSFER),
    "step out of order": (
        "psbc", f"/transfers/{uetr(1)}/refuse", {"reason": "AC04"},
        refused("step-out-of-order", "The step is out of order", 409, f"Cannot refuse {uetr(1)}: it is paid.", "state", "paid",
                "This step follows dispatched or accepted."),
    ),
    "cancelled after dispatch": (
        "abb", f"/transfers/{uetr(2)}/cancel", {},
        refused("step-out-of-order", "The step is out of order", 409, f"{uetr(2)} was sent to psbc.", "state", "dispatched",
                "Ask for a recall; the creditor agent answers it."),
    ),
    "another bank's step": (
        "abb", f"/transfers/{uetr(2)}/pay", {},
        refused("not-permitted", "Not permitted", 403, f"abb cannot do this to {uetr(2)}; psbc can.", "actor", "abb",
                "Let psbc send the command."),
    ),
    "more returned than paid": (
        "psbc", f"/transfers/{uetr(1)}/return", {"return_id": "R1", "amount": "740.53", "currency": "CNY", "reason": "AC06"},
        refused("return-exceeds-payment", "The return exceeds the payment", 422, f"740.52 CNY of {uetr(1)} can still be returned.",
                "amount", "740.53", "Return at most 740.52."),
    ),
    "an unknown recall answered": (
        "psbc", f"/transfers/{uetr(2)}/recalls/CASE-1/answer", {"agreed": True, "reason": "CUST"},
        refused("recall-unknown", "There is no such recall", 404, f"{uetr(2)} has no recall 'CASE-1'.", "recall", "CASE-1",
                "Name the case id of the request."),
    ),
    "a condition nobody waits for": (
        "psbc", f"/transfers/{uetr(2)}/condition", {"reference": "RR1"},
        refused("step-out-of-order", "The step is out of order", 409, f"Cannot meet the condition of {uetr(2)}: it is dispatched.",
                "state", "dispatched", "This step follows funded."),
    ),
    "an answer to a transfer that is not unknown": (
        "psbc", f"/transfers/{uetr(2)}/resolve-unknown", {"outcome": "pending"},
        refused("step-out-of-order", "The step is out of order", 409, f"{uetr(2)} is not flagged unknown.", "uetr", uetr(2),
                "Nothing is left to do."),
    ),
    "unknown account": (
        "officer:amina", "/accounts/abb:cash:CNY/status", {"status": "frozen"},
        refused("account-unknown", "There is no such account", 404, "There is no account 'abb:cash:CNY'.", "account", "abb:cash:CNY",
                "List the corridor's accounts."),
    ),
    "unknown case": (
        "officer:amina", "/cases/hold-1/opinions", {"opinion": "clear", "reasons": "Namesake."},
        refused("case-unknown", "There is no such case", 404, "There is no case 'hold-1'.", "case", "hold-1", "List the open cases."),
    ),
    "unknown break": (
        "officer:amina", "/breaks/b-1/park", {},
        refused("break-unknown", "There is no such break", 404, "There is no break 'b-1'.", "break", "b-1", "List the open breaks."),
    ),
    "unknown cycle": (
        "bank:settlement", "/cycles/9/pay-ins", {"participant": "abb", "amount": "1.00", "currency": "USD", "bank_reference": "B1"},
        refused("cycle-unknown", "There is no such settlement cycle", 404, "There is no cycle 9.", "cycle", "9",
                "List the corridor's cycles."),
    ),
    "unknown withdrawal": (
        "bank:settlement", "/withdrawals/W-1/confirmation", {"bank_reference": "B1"},
        refused("movement-unknown", "There is no such movement", 404, "There is no movement 'W-1'.", "reference", "W-1",
                "Name the reference it was booked under."),
    ),
    "a prefund in another currency": (
        "bank:settlement", "/prefunds", {"participant": "abb", "amount": "1.00", "currency": "MAD", "reference": "F1"},
        refused("currency-not-accepted", "The currency is not accepted here", 422, "This movement is in USD, not MAD.", "currency", "MAD",
                "Report it in USD."),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_rule_refuses_leaves_its_receipt_and_no_event(shared: ServedCorridor, what: str) -> None:
    """The whole body with the log position and the command, no event, and the same again when it is repeated."""
    who, path, body, expected = REFUSED[what]
    before = shared.head()
    answer = shared.post(who, path, body, f"refused {what}")
    command = ids.command_id(shared.corridor, who, f"refused {what}")
    said = expected | {"detail": expected["detail"].replace("{corridor}", shared.corridor)}
    assert told(answer, expected["status"]) == said | {"instance": f"urn:uuid:{command}", "position": before}
    assert shared.head() == before
    again = shared.post(who, path, body, f"refused {what}")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (answer.content, "true")


READS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "unknown transfer": ("abb", f"/transfers/{uetr(9)}", NO_TRANSFER),
    "trail of an unknown transfer": ("abb", f"/transfers/{uetr(9)}/trail", NO_TRANSFER),
    "unknown quote": (
        "abb", f"/quotes/{uetr(9)}",
        refused("quote-unknown", "There is no such quote", 404, f"There is no quote {uetr(9)}.", "quote", uetr(9), "Ask for a new quote."),
    ),
    "a transfer that is no quote": (
        "abb", f"/quotes/{uetr(1)}",
        refused("quote-unknown", "There is no such quote", 404, f"There is no quote {uetr(1)}.", "quote", uetr(1), "Ask for a new quote."),
    ),
    "unknown account": (
        "abb", "/accounts/abb:cash:CNY",
        refused("account-unknown", "There is no such account", 404, "There is no account 'abb:cash:CNY'.", "account", "abb:cash:CNY",
                "List the corridor's accounts."),
    ),
    "the other bank's account": (
        "abb", "/accounts/psbc:cash:CNY",
        refused("account-unknown", "There is no such account", 404, "There is no account 'psbc:cash:CNY'.", "account", "psbc:cash:CNY",
                "List the corridor's accounts."),
    ),
    "lines of the other bank's account": (
        "abb", "/accounts/psbc:cash:CNY/lines",
        refused("account-unknown", "There is no such account", 404, "There is no account 'psbc:cash:CNY'.", "account", "psbc:cash:CNY",
                "List the corridor's accounts."),
    ),
    "an account that is no account": (
        "abb", "/accounts/cash", unread("account", "string should match pattern '^[a-z]{2,8}:[a-z_]{1,20}:[A-Z]{3}$'", "cash"),
    ),
    "unknown cycle": (
        "abb", "/cycles/9",
        refused("cycle-unknown", "There is no such settlement cycle", 404, "There is no cycle 9.", "cycle", "9",
                "List the corridor's cycles."),
    ),
    "unknown report": (
        "operator:ops", "/reports/n1",
        refused("report-unknown", "There is no such report", 404, "There is no report 'n1'.", "report", "n1", "List the reports."),
    ),
    "reports, for a bank": (
        "abb", "/reports",
        refused("not-permitted", "Not permitted", 403, "abb cannot see this.", "actor", "abb",
                "Let an officer or operator of the corridor look."),
    ),
    "cases, for a bank": (
        "psbc", "/cases",
        refused("not-permitted", "Not permitted", 403, "psbc cannot see this.", "actor", "psbc",
                "Let an officer or operator of the corridor look."),
    ),
    "unknown break": (
        "abb", "/breaks/b-1",
        refused("break-unknown", "There is no such break", 404, "There is no break 'b-1'.", "break", "b-1", "List the open breaks."),
    ),
    "a cursor of one's own making": (
        "abb", "/transfers?cursor=abc",
        {**UNREAD, "detail": "The cursor is not one that a page gave.", "field": "cursor", "value": "abc",
         "way_out": "Send the `next` of the page before, unchanged."},
    ),
    "an instant without offset": (
        "abb", "/accounts?as_of=2026-03-27T09:00:00",
        {**UNREAD, "detail": "as_of is neither a log position nor an instant with its offset.", "field": "as_of",
         "value": "2026-03-27T09:00:00", "way_out": "Send digits, or RFC 3339 such as 2026-03-27T09:00:00Z."},
    ),
    "a page that is too long": (
        "abb", "/transfers?limit=501", unread("limit", "input should be less than or equal to 500", "501"),
    ),
    "a negative position": (
        "abb", "/transfers?at_least=-1", unread("at_least", "input should be greater than or equal to 0", "-1"),
    ),
    "an unknown state": (
        "abb", "/transfers?state=lost",
        unread("state.0", "input should be 'pending', 'initiated', 'held', 'cleared', 'rejected', 'funded', 'dispatched', 'accepted', "
               "'paid', 'returned', 'refused', 'cancelled', 'expired' or 'refunded'", "lost"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", READS)
def test_what_cannot_be_shown_is_told_why(shared: ServedCorridor, what: str) -> None:
    """The whole body; what is another bank's is told like what does not exist."""
    who, path, expected = READS[what]
    answer = shared.get(who, path, at_least=shared.head()) if "?" not in path else shared.client.get(
        shared.path(path), auth=shared.signer(who)
    )  # fmt: skip
    assert told(answer, expected["status"]) == expected


RAW: dict[str, tuple[bytes, str, int, dict[str, Any]]] = {
    "not JSON": (b"{", "application/json", 400, {**UNREAD, "detail": "The body is not JSON.", "field": "body",
                                                 "way_out": "Send one JSON object (RFC 8259) in UTF-8."}),
    "a list": (b"[]", "application/json", 400, {**UNREAD, "detail": "The body is not a JSON object.", "field": "body",
                                                "way_out": "Send the object that the documentation shows."}),
    "nothing": (b"", "application/json", 400, {**UNREAD, "detail": "The body is not JSON.", "field": "body",
                                               "way_out": "Send one JSON object (RFC 8259) in UTF-8."}),
    "too deep": (b"[" * 100_000, "application/json", 400, {**UNREAD, "detail": "The body is not JSON.", "field": "body",
                                                           "way_out": "Send one JSON object (RFC 8259) in UTF-8."}),
    "not UTF-8": (b'{"cause":"\xff"}', "application/json", 400, {**UNREAD, "detail": "The body is not JSON.", "field": "body",
                                                                 "way_out": "Send one JSON object (RFC 8259) in UTF-8."}),
    "another type": (
        b"a=b", "text/plain", 415,
        {"type": "/problems/content-type-wrong", "title": "The content type is not taken", "status": 415,
         "detail": "The body is declared as text/plain.", "field": "Content-Type", "value": "text/plain",
         "way_out": "Send application/json.", "transient": False},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", RAW)
def test_a_body_that_is_not_what_the_route_takes_is_named(shared: ServedCorridor, what: str) -> None:
    """Whatever bytes come, the answer is a problem and the log does not grow."""
    content, content_type, status, expected = RAW[what]
    before = shared.head()
    answer = shared.client.post(
        shared.path(f"/transfers/{uetr(2)}/accept"), content=content, auth=shared.signer("psbc"),
        headers={"Content-Type": content_type} | idempotency_key("raw"),
    )  # fmt: skip
    assert told(answer, status) == expected
    assert shared.head() == before


def test_an_expired_and_a_used_quote_are_refused(served: ServedCorridor) -> None:
    """A quote serves one transfer, until it expires."""
    asked = {"creditor_agent": "psbc", "amount": "1000.00", "currency": "MAD"}
    first = told(served.post("abb", "/quotes", asked, "q1"), 201)["quote"]
    second = told(served.post("abb", "/quotes", asked, "q2"), 201)["quote"]
    told(served.post("abb", "/transfers", transfer(1, quote=first), "t1"), 201)
    used = served.post("abb", "/transfers", transfer(2, quote=first), "t2")
    assert problem_of(served, used, 409, "t2") == refused(
        "quote-already-used", "The quote was used", 409, f"Quote {first} was used.", "quote", first, "Ask for a new quote."
    )
    differing = served.post("abb", "/transfers", transfer(2, quote=second, amount="1000.01"), "t3")
    assert problem_of(served, differing, 422, "t3") == refused(
        "quote-differs", "The transfer differs from its quote", 422,
        f"Quote {second} is for 1000.00 MAD from abb to psbc, charges DEBT.", "quote", second,
        "Send exactly what was quoted, or ask for a new quote.",
    )  # fmt: skip
    served.clock.advance(timedelta(minutes=15, seconds=1))
    expired = served.post("abb", "/transfers", transfer(2, quote=second), "t4")
    assert problem_of(served, expired, 409, "t4") == refused(
        "quote-expired", "The quote has expired", 409, f"Quote {second} expired at 2026-03-27 09:15:00Z.", "quote", second,
        "Ask for a new quote.",
    )  # fmt: skip


def test_without_a_rate_in_force_nothing_is_sent(served: ServedCorridor) -> None:
    """When the sheets have lapsed the transfer is refused, and may pass later under a new key."""
    served.clock.advance(timedelta(days=4))
    answer = served.post("abb", "/transfers", transfer(1), "t1")
    assert problem_of(served, answer, 409, "t1") == refused(
        "rate-missing", "No rate is in force", 409, "abb has no MAD/USD rate in force at 2026-03-31 09:00Z.", "rate", "MAD/USD",
        "Wait until abb publishes a sheet.",
    ) | {"transient": True}  # fmt: skip


def test_a_frozen_a_closed_and_an_exhausted_account_take_no_new_transfer(served: ServedCorridor) -> None:
    """Officers freeze and close; the floor is the net debit cap. Each refusal names the account and whether it may pass later."""
    account = "/accounts/abb:cash:MAD/status"
    told(served.post("officer:amina", account, {"status": "frozen"}, "freeze"), 200)
    frozen = served.post("abb", "/transfers", transfer(1), "t1")
    assert problem_of(served, frozen, 409, "t1") == refused(
        "account-frozen", "The account is frozen", 409, "Account abb:cash:MAD is frozen.", "account", "abb:cash:MAD",
        "Wait until officers unfreeze it.",
    ) | {"transient": True}  # fmt: skip
    told(served.post("officer:bo", account, {"status": "closed"}, "close"), 200)
    assert told(served.post("officer:amina", account, {"status": "closed"}, "close"), 200) == {
        "position": served.head(),
        "recorded_at": "2026-03-27T09:00:00Z",
        "account": "abb:cash:MAD",
        "status": "closed",
        "proposed": "",
    }
    closed = served.post("abb", "/transfers", transfer(1), "t2")
    assert problem_of(served, closed, 409, "t2") == refused(
        "account-closed", "The account is closed", 409, "Account abb:cash:MAD is closed.", "account", "abb:cash:MAD",
        "Use an open account.",
    )  # fmt: skip


def test_the_floor_stops_what_would_fall_below_it(served: ServedCorridor) -> None:
    """A withdrawal beyond the net debit cap is refused; the refusal says where the account stands and what would take how much."""
    body = {"participant": "abb", "amount": "250000.01", "currency": "USD", "reference": "W-1"}
    answer = served.post("abb", "/withdrawals", body, "w1")
    assert problem_of(served, answer, 409, "w1") == refused(
        "floor-reached", "The account's floor is reached", 409,
        "Account abb:position:USD stands at 0.00 and may not fall below -250000.00; this would take 250000.01.", "account",
        "abb:position:USD", "Fund the position or wait for settlement, then try again with a new key.",
    ) | {"transient": True}  # fmt: skip


def problem_of(served: ServedCorridor, answer: httpx.Response, status: int, key: str) -> dict[str, Any]:
    """The problem without what every stored refusal adds, which is checked here."""
    body: dict[str, Any] = told(answer, status)
    command = ids.command_id(served.corridor, "abb", key)
    assert (body.pop("instance"), body.pop("position")) == (f"urn:uuid:{command}", served.head())
    return body


def test_screening_is_no_refusal(served: ServedCorridor) -> None:
    """A listed name is not told: the transfer is taken and is pending like any other that waits."""
    answer = told(served.post("abb", "/transfers", transfer(1, debtor=LISTED), "t1"), 201)
    assert answer == {"position": served.head(), "recorded_at": "2026-03-27T09:00:00Z", "uetr": uetr(1), "state": "pending"}
