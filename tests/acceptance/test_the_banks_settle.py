"""Settlement between the banks: prefunds, a cycle from close to the last payment, withdrawals, charges and treasury reports."""

from typing import Any

from tests.acceptance.conftest import ServedCorridor, told, transfer, uetr

NINE = "2026-03-27T09:00:00Z"


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def prefund(participant: str, amount: str, reference: str) -> dict[str, str]:
    return {"participant": participant, "amount": amount, "currency": "USD", "reference": reference}


def positions(served: ServedCorridor, who: str = "operator:ops") -> dict[str, str]:
    """Each participant's position now."""
    found = told(served.get(who, "/positions", at_least=served.head()), 200)["positions"]
    return {position["participant"]: position["position"] for position in found}


def test_a_cycle_is_closed_paid_in_paid_out_and_settled(served: ServedCorridor) -> None:
    """Netted at the boundary before the closing one; the cycle is settled with its last payment, and the transfer with it."""
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p1"), 200)
    boundary = served.head()
    assert positions(served) == {"abb": "-108.31", "psbc": "108.31"}
    closed = told(served.post("operator:ops", "/cycles", {}, "c1"), 201)
    assert closed == {
        "position": served.head(), "recorded_at": NINE, "cycle": 1, "boundary": boundary,
        "pay_ins": {"abb": usd("108.31")}, "pay_outs": {"psbc": usd("108.31")},
    }  # fmt: skip

    early = {"participant": "psbc", **usd("108.31"), "bank_reference": "CITI-2"}
    refused = told(served.post("bank:settlement", "/cycles/1/pay-outs", early, "out too early"), 409)
    assert (refused["type"], refused["value"], refused["transient"]) == ("/problems/floor-reached", "corridor:settlement_bank:USD", True)
    wrong = {"participant": "abb", **usd("108.30"), "bank_reference": "CITI-1"}
    assert told(served.post("bank:settlement", "/cycles/1/pay-ins", wrong, "in wrong"), 409)["type"] == "/problems/not-due-in-cycle"
    other = {**wrong, "currency": "MAD"}
    assert told(served.post("bank:settlement", "/cycles/1/pay-ins", other, "in MAD"), 422)["way_out"] == "Confirm the amount in USD."
    bank = {"participant": "abb", **usd("108.31"), "bank_reference": "CITI-1"}
    assert told(served.post("abb", "/cycles/1/pay-ins", bank, "in by the bank"), 403)["type"] == "/problems/key-not-permitted"

    paid_in = told(served.post("bank:settlement", "/cycles/1/pay-ins", bank, "in"), 200)
    assert paid_in == {"position": served.head(), "recorded_at": NINE, "cycle": 1, "settled": False}
    shown = told(served.get("psbc", "/cycles/1", at_least=served.head()), 200)
    assert shown == {
        "position": served.head(),
        "cycle": 1,
        "state": "closed",
        "from_boundary": 0,
        "to_boundary": boundary,
        "positions": {"abb": usd("-108.31"), "psbc": usd("108.31")},
        "pay_ins": {"abb": usd("108.31")},
        "pay_outs": {"psbc": usd("108.31")},
        "due_in": {},
        "due_out": {"psbc": usd("108.31")},
        "payments": [
            {"direction": "pay_in", "participant": "abb", "money": usd("108.31"), "bank_reference": "CITI-1", "confirmed_at": NINE}
        ],
        "closed_at": NINE,
    }
    paid_out = told(served.post("bank:settlement", "/cycles/1/pay-outs", early, "out"), 200)
    assert paid_out == {"position": served.head(), "recorded_at": NINE, "cycle": 1, "settled": True}
    page = told(served.get("abb", "/cycles", at_least=served.head()), 200)
    assert [(cycle["cycle"], cycle["state"], cycle["settled_at"]) for cycle in page["cycles"]] == [(1, "settled", NINE)]
    assert told(served.get("abb", f"/transfers/{uetr(1)}"), 200)["settled"] is True
    assert positions(served) == {"abb": "0.00", "psbc": "0.00"}


def test_a_prefund_counts_when_the_settlement_bank_confirms_it_and_once(served: ServedCorridor) -> None:
    """The bank's reference makes it unique: the same again changes nothing, other data under it are refused."""
    body = prefund("abb", "50000.00", "CITI-20260327-001")
    booked = told(served.post("bank:settlement", "/prefunds", body, "f1"), 201)
    assert booked == {"position": served.head(), "recorded_at": NINE, "reference": "CITI-20260327-001", "changed": True}
    again = told(served.post("bank:settlement", "/prefunds", body, "f2"), 201)
    assert again == {"position": served.head(), "recorded_at": NINE, "reference": "CITI-20260327-001", "changed": False}
    other = told(served.post("bank:settlement", "/prefunds", {**body, "amount": "1.00"}, "f3"), 409)
    assert (other["type"], other["value"]) == ("/problems/movement-already-booked", "CITI-20260327-001")
    assert told(served.get("abb", "/positions", at_least=served.head()), 200) == {
        "position": served.head(),
        "positions": [{"participant": "abb", "currency": "USD", "position": "50000.00", "floor": "-250000.00", "room": "300000.00"}],
    }


def test_a_withdrawal_settles_until_the_bank_confirms_that_it_left(served: ServedCorridor) -> None:
    """Asked for by the participant, confirmed by the settlement bank, once."""
    told(served.post("bank:settlement", "/prefunds", prefund("abb", "50000.00", "F-1"), "f1"), 201)
    asked = told(served.post("abb", "/withdrawals", prefund("abb", "20000.00", "W-1"), "w1"), 201)
    assert (asked["reference"], asked["changed"]) == ("W-1", True)
    settling = told(served.get("bank:settlement", "/accounts", at_least=asked["position"]), 200)
    assert {account["account"]: account["balance"] for account in settling["accounts"]} == {
        "corridor:settlement_bank:USD": "50000.00", "corridor:settling:USD": "20000.00",
    }  # fmt: skip
    confirmed = told(served.post("bank:settlement", "/withdrawals/W-1/confirmation", {"bank_reference": "CITI-9"}, "w2"), 200)
    assert confirmed == {"position": served.head(), "recorded_at": NINE, "reference": "W-1", "changed": True}
    twice = told(served.post("bank:settlement", "/withdrawals/W-1/confirmation", {"bank_reference": "CITI-9"}, "w3"), 409)
    assert twice["type"] == "/problems/step-out-of-order"
    assert positions(served) == {"abb": "30000.00", "psbc": "0.00"}


def test_charges_and_treasury_reports_stand_on_the_right_accounts(served: ServedCorridor) -> None:
    """The settlement bank's charge is the bearer's; each bank reports its own treasury, in its own currency."""
    told(served.post("bank:settlement", "/prefunds", prefund("abb", "50000.00", "F-1"), "f1"), 201)
    told(served.post("bank:settlement", "/settlement-charges", prefund("abb", "12.50", "CHG-1"), "c1"), 201)
    float_in = {"kind": "float_in", "participant": "psbc", "amount": "500000.00", "currency": "CNY", "reference": "PSBC-1"}
    told(served.post("psbc", "/treasury-movements", float_in, "m1"), 201)
    for body, status, code in (
        ({**float_in, "currency": "USD", "reference": "PSBC-2"}, 422, "currency-not-accepted"),
        ({**float_in, "participant": "abb", "currency": "MAD", "reference": "PSBC-3"}, 403, "not-permitted"),
        ({**float_in, "kind": "gold"}, 400, "request-invalid"),
    ):
        assert told(served.post("psbc", "/treasury-movements", body, f"m {code}"), status)["type"] == f"/problems/{code}"
    assert positions(served) == {"abb": "49987.50", "psbc": "0.00"}
    cash = told(served.get("psbc", "/accounts/psbc:cash:CNY"), 200)
    assert (cash["balance"], cash["normal_side"]) == ("500000.00", "debit")
    lists = {who: told(served.get(who, "/movements"), 200)["movements"] for who in ("abb", "psbc", "bank:settlement")}
    assert {who: [m["reference"] for m in found] for who, found in lists.items()} == {
        "abb": ["F-1", "CHG-1"], "psbc": ["PSBC-1"], "bank:settlement": ["F-1", "CHG-1", "PSBC-1"],
    }  # fmt: skip
    assert lists["psbc"] == [
        {
            "reference": "PSBC-1",
            "kind": "float_in",
            "participant": "psbc",
            "money": {"amount": "500000.00", "currency": "CNY"},
            "state": "booked",
            "reported_at": NINE,
            "booked_position": lists["psbc"][0]["booked_position"],
        }
    ]


def test_a_cycle_with_nothing_to_pay_is_settled_at_once(served: ServedCorridor) -> None:
    """Nobody owes anything, so nothing is waited for."""
    closed: Any = told(served.post("operator:ops", "/cycles", {}, "c1"), 201)
    assert (closed["cycle"], closed["pay_ins"], closed["pay_outs"]) == (1, {}, {})
    shown = told(served.get("abb", "/cycles/1", at_least=closed["position"]), 200)
    assert (shown["state"], shown["settled_at"]) == ("settled", NINE)
