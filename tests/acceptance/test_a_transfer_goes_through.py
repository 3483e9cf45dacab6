"""A transfer goes from Rabat to Beijing: quoted, sent, accepted, paid, and read at every boundary on the way."""

from datetime import timedelta
from typing import Any

from tests.acceptance.conftest import ServedCorridor, told, transfer, uetr

NINE = "2026-03-27T09:00:00Z"
PRICED = {
    "debtor_agent": "abb",
    "creditor_agent": "psbc",
    "instructed": {"amount": "1000.00", "currency": "MAD"},
    "fee": {"amount": "25.00", "currency": "MAD"},
    "settlement": {"amount": "107.31", "currency": "USD"},
    "remuneration": {"amount": "1.00", "currency": "USD"},
    "payout": {"amount": "740.52", "currency": "CNY"},
    "creditor_fee": {"amount": "0.00", "currency": "CNY"},
    "paid_to_creditor": {"amount": "740.52", "currency": "CNY"},
    "debtor_rate": "9.3189",
    "creditor_rate": "6.9008",
    "debtor_sheet": "2026-03-27",
    "creditor_sheet": "2026-03-27",
    "valid_until": "2026-03-27T09:15:00Z",
}
SHOWN: dict[str, Any] = {
    **PRICED,
    "uetr": uetr(1),
    "product": "account_to_account",
    "purpose": "DEPD",
    "charge_bearer": "DEBT",
    "unknown": False,
    "recalls": {},
    "initiated_at": NINE,
    "funded_at": NINE,
    "dispatched_at": NINE,
    "settled": False,
}


def test_a_quoted_transfer_is_sent_accepted_and_paid(served: ServedCorridor) -> None:
    """The whole life of a transfer between two banks, each answer as a whole."""
    start = served.head()
    asked = {"creditor_agent": "psbc", "amount": "1000.00", "currency": "MAD"}
    quoted = told(served.post("abb", "/quotes", asked, "q1"), 201)
    quote = quoted["quote"]
    assert quoted == {"position": start + 1, "recorded_at": NINE, "quote": quote, "pricing": {**PRICED, "rounding": "half_even"}}
    assert told(served.get("abb", f"/quotes/{quote}"), 200) == {
        "position": start + 1,
        "quote": quote,
        "charge_bearer": "DEBT",
        "pricing": {**PRICED, "rounding": "half_even"},
    }

    sent = served.post("abb", "/transfers", transfer(quote=quote), "t1")
    position = served.head()
    assert told(sent, 201) == {"position": position, "recorded_at": NINE, "uetr": uetr(1), "state": "dispatched"}
    assert sent.headers["Corridor-Position"] == str(position)
    assert "Idempotent-Replayed" not in sent.headers
    used = told(served.get("psbc", f"/quotes/{quote}"), 200)
    assert (used["used_by"], used["position"]) == (uetr(1), position)

    served.clock.advance(timedelta(minutes=4))
    accepted = told(served.post("psbc", f"/transfers/{uetr(1)}/accept", {"cause": "pacs.002-8"}, "a1"), 200)
    assert accepted == {"position": position + 1, "recorded_at": "2026-03-27T09:04:00Z", "uetr": uetr(1), "state": "accepted"}
    paid = told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p1"), 200)
    assert paid == {"position": served.head(), "recorded_at": "2026-03-27T09:04:00Z", "uetr": uetr(1), "state": "paid"}

    shown = served.get("abb", f"/transfers/{uetr(1)}", at_least=paid["position"])
    assert told(shown, 200) == {
        **SHOWN,
        "quote": quote,
        "position": paid["position"],
        "state": "paid",
        "status": "ACCC",
        "paid_at": "2026-03-27T09:04:00Z",
        "updated_at": "2026-03-27T09:04:00Z",
        "last_position": accepted["position"] + 1,
    }
    assert shown.headers["Corridor-Position"] == str(paid["position"])
    assert served.get("psbc", f"/transfers/{uetr(1)}").json() == shown.json()


def test_the_books_balance_at_every_boundary_of_the_transfer(served: ServedCorridor) -> None:
    """Before, in flight and after payment, the sums of each currency over all accounts are zero, and each read names its boundary."""
    start = served.head()
    sent = told(served.post("abb", "/transfers", transfer(), "t1"), 201)["position"]
    served.clock.advance(timedelta(minutes=1))
    paid = told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p1"), 200)["position"]
    assert told(served.get("operator:ops", "/in-flight", at_least=paid), 200) == {
        "position": paid,
        "in_flight": {"amount": "0.00", "currency": "USD"},
        "transfers": 0,
        "remuneration": {"amount": "0.00", "currency": "USD"},
        "held_before_funding": {"amount": "0.00", "currency": "USD"},
        "held_transfers": 0,
    }
    moved = {
        as_of: balances(told(served.get("operator:ops", "/accounts", as_of=as_of), 200))
        for as_of in (str(start), str(sent), "2026-03-27T09:00:30Z", str(paid - 1), str(paid))
    }
    in_flight = {
        "abb:cash:MAD": "1025.00",
        "abb:fees:MAD": "15.68",
        "abb:fx:MAD": "-1009.32",
        "abb:position:USD": "-108.31",
        "corridor:in_flight:USD": "107.31",
        "corridor:remuneration:USD": "1.00",
    }
    assert moved == {
        str(start): (start, {}),
        str(sent): (sent, in_flight),
        "2026-03-27T09:00:30Z": (sent, in_flight),
        # A commit's lines are spread over several positions: within it, the last boundary before it counts.
        str(paid - 1): (sent, in_flight),
        str(paid): (
            paid,
            {
                "abb:cash:MAD": "1025.00",
                "abb:fees:MAD": "15.68",
                "abb:fx:MAD": "-1009.32",
                "abb:position:USD": "-108.31",
                "psbc:position:USD": "108.31",
                "psbc:cash:CNY": "-740.52",
                "psbc:fees:CNY": "6.90",
                "psbc:fx:CNY": "747.42",
            },
        ),
    }


def balances(accounts: Any) -> tuple[int, dict[str, str]]:
    """The boundary and the balances that are not zero, once debits were seen to equal credits."""
    sums: dict[str, int] = {}
    for account in accounts["accounts"]:
        minor = int(account["balance"].replace(".", ""))
        sums[account["currency"]] = sums.get(account["currency"], 0) + (minor if account["normal_side"] == "debit" else -minor)
    assert sums == {"MAD": 0, "CNY": 0, "USD": 0}
    return accounts["position"], {a["account"]: a["balance"] for a in accounts["accounts"] if a["balance"] != "0.00"}


def test_the_trail_says_who_did_what_when_why_and_under_which_terms(served: ServedCorridor) -> None:
    """Each event of a transfer in log order, to its creditor agent: with the lines on its own accounts and the corridor's."""
    told(served.post("abb", "/transfers", transfer(cause="order-9"), "t1"), 201)
    served.clock.advance(timedelta(minutes=4))
    paid = told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p1"), 200)["position"]
    trail = told(served.get("psbc", f"/transfers/{uetr(1)}/trail", at_least=paid), 200)
    said = [(step["recorded_at"][11:16], step["event"], step["actor"], step["cause"], step["terms"]) for step in trail["steps"]]
    posted = "Account.Posted.v1"
    assert (trail["position"], trail["uetr"]) == (paid, uetr(1))
    assert said == [
        ("09:00", "Transfer.Initiated.v1", "abb", "order-9", 1),
        ("09:00", "Transfer.Funded.v1", "abb", "order-9", 1),
        ("09:00", "Transfer.Dispatched.v1", "abb", "order-9", 1),
        ("09:00", posted, "abb", "order-9", 1),
        ("09:00", posted, "abb", "order-9", 1),
        ("09:04", "Transfer.Paid.v1", "psbc", "", 1),
        *[("09:04", posted, "psbc", "", 1)] * 6,
    ]
    lines = [step["facts"] for step in trail["steps"] if step["event"] == posted]
    on = {"booking_date": "2026-03-27", "value_date": "2026-03-27"}
    assert [(line["account"], line["amount"]) for line in lines] == [
        ("corridor:in_flight:USD", "-107.31"),
        ("corridor:remuneration:USD", "-1.00"),
        ("corridor:in_flight:USD", "107.31"),
        ("corridor:remuneration:USD", "1.00"),
        ("psbc:cash:CNY", "-740.52"),
        ("psbc:fees:CNY", "-6.90"),
        ("psbc:fx:CNY", "747.42"),
        ("psbc:position:USD", "-108.31"),
    ]
    assert lines[0] == {"entry": "funding", "account": "corridor:in_flight:USD", "currency": "USD", "amount": "-107.31", **on}


def test_nothing_personal_leaves_the_vault_with_any_answer(served: ServedCorridor) -> None:
    """Neither names nor account numbers come back: not in answers, not in reads, not in the trail."""
    sent = served.post("abb", "/transfers", transfer(remittance="for Wei", end_to_end_id="E2E-Wei"), "t1")
    position = told(sent, 201)["position"]
    reads = [
        served.get(who, path, at_least=position).text
        for who in ("abb", "psbc", "officer:amina")
        for path in (f"/transfers/{uetr(1)}", f"/transfers/{uetr(1)}/trail", "/transfers", "/accounts/corridor:in_flight:USD/lines")
    ]
    found = [
        word
        for word in ("Yasmina", "Testouni", "Wei", "魏", "6210000000000000000", "Rabat")
        for text in (sent.text, *reads)
        if word in text
    ]
    assert found == []
