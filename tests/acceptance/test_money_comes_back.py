"""Money that does not arrive, or comes back after it did: refusals, cancellations, recalls, returns, conditions, silence, cash."""

from datetime import timedelta
from typing import Any

from ledger.commands import ExpireTransfer, FlagUnanswered
from tests.acceptance.conftest import ServedCorridor, told, transfer, uetr

CONDITION = {"kind": "parcel_delivered", "reference": "RR123456785MA", "confirmed_by": "psbc", "deadline": "2026-03-29T16:00:00Z"}


def sent(served: ServedCorridor, **changes: Any) -> dict[str, Any]:
    """A transfer that was taken."""
    answer: dict[str, Any] = told(served.post("abb", "/transfers", transfer(1, **changes), "t1"), 201)
    return answer


def step(served: ServedCorridor, who: str, step: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    """A step of the transfer, under a key of its own."""
    answer: dict[str, Any] = told(served.post(who, f"/transfers/{uetr(1)}/{step}", body, f"{step} {body}"), status)
    return answer


def shown(served: ServedCorridor, who: str = "abb") -> dict[str, Any]:
    """The transfer as it stands now."""
    answer: dict[str, Any] = told(served.get(who, f"/transfers/{uetr(1)}", at_least=served.head()), 200)
    return answer


def money(served: ServedCorridor) -> dict[str, str]:
    """Every balance that is not zero, as an operator sees it."""
    accounts = told(served.get("operator:ops", "/accounts", at_least=served.head()), 200)["accounts"]
    return {account["account"]: account["balance"] for account in accounts if account["balance"] != "0.00"}


def test_a_refused_transfer_goes_back_whole_with_its_fee(served: ServedCorridor) -> None:
    """The creditor agent will not pay: the money and the fee are the debtor's again in the same commit."""
    sent(served)
    assert step(served, "psbc", "refuse", {"reason": "AC04"})["state"] == "refunded"
    found = shown(served)
    assert (found["state"], found["status"], found["reason"], found["refund_cause"], found["refunded_to_debtor"]) == (
        "refunded", "RJCT", "AC04", "refused", {"amount": "1025.00", "currency": "MAD"},
    )  # fmt: skip
    assert money(served) == {}


def test_a_recall_that_is_agreed_before_payment_cancels_and_keeps_the_fee(served: ServedCorridor) -> None:
    """The debtor agent asks, the creditor agent answers; by the terms a cancellation keeps the fee."""
    sent(served)
    assert step(served, "abb", "recalls", {"recall": "CASE-7", "reason": "DUPL"}, 201)["state"] == "dispatched"
    assert shown(served, "psbc")["recalls"] == {"CASE-7": "open"}
    assert step(served, "psbc", "recalls/CASE-7/answer", {"agreed": True, "reason": "CUST"})["state"] == "refunded"
    found = shown(served)
    assert (found["recalls"], found["refund_cause"], found["refunded_to_debtor"]) == (
        {"CASE-7": "agreed"}, "cancelled", {"amount": "1000.00", "currency": "MAD"},
    )  # fmt: skip
    assert money(served) == {"abb:cash:MAD": "25.00", "abb:fees:MAD": "25.00"}


def test_a_declined_recall_changes_nothing_but_its_own_answer(served: ServedCorridor) -> None:
    """It never reverses by itself, and it is answered once."""
    sent(served)
    step(served, "abb", "recalls", {"recall": "CASE-7", "reason": "DUPL"}, 201)
    assert step(served, "psbc", "recalls/CASE-7/answer", {"agreed": False, "reason": "LEGL"})["state"] == "dispatched"
    assert shown(served)["recalls"] == {"CASE-7": "declined"}
    again = step(served, "psbc", "recalls/CASE-7/answer", {"agreed": True, "reason": "CUST"}, 409)
    assert again["type"] == "/problems/recall-already-answered"


def test_a_paid_transfer_is_returned_in_parts_that_close_exactly(served: ServedCorridor) -> None:
    """Two parts at the original rate come to the whole in all three currencies; fees stay earned."""
    sent(served)
    step(served, "psbc", "pay", {})
    part = {"return_id": "R1", "amount": "240.00", "currency": "CNY", "reason": "AC06"}
    assert step(served, "psbc", "return", part)["state"] == "returned"
    found = shown(served)
    assert (found["returned"], found["returned_to_debtor"]) == (
        {"amount": "240.00", "currency": "CNY"},
        {"amount": "324.10", "currency": "MAD"},
    )
    wrong = step(served, "psbc", "return", {**part, "return_id": "R2", "currency": "MAD"}, 422)
    assert (wrong["type"], wrong["way_out"]) == ("/problems/currency-not-accepted", "Send the amount in CNY.")
    step(served, "psbc", "return", {**part, "return_id": "R2", "amount": "500.52"})
    found = shown(served)
    assert (found["returned"], found["returned_to_debtor"]) == (
        {"amount": "740.52", "currency": "CNY"},
        {"amount": "1000.00", "currency": "MAD"},
    )
    assert money(served) == {
        "abb:cash:MAD": "25.00",
        "abb:fees:MAD": "15.68",
        "abb:fx:MAD": "-9.32",
        "abb:position:USD": "-1.00",
        "psbc:fees:CNY": "6.90",
        "psbc:fx:CNY": "6.90",
        "psbc:position:USD": "1.00",
    }


def test_a_return_sent_twice_under_two_keys_is_booked_once(served: ServedCorridor) -> None:
    """The return id makes the part unique, beyond the idempotency key."""
    sent(served)
    step(served, "psbc", "pay", {})
    part = {"return_id": "R1", "amount": "240.00", "currency": "CNY", "reason": "AC06"}
    step(served, "psbc", "return", part)
    before = served.head()
    told(served.post("psbc", f"/transfers/{uetr(1)}/return", part, "another key"), 200)
    assert served.head() == before
    other = told(served.post("psbc", f"/transfers/{uetr(1)}/return", {**part, "amount": "241.00"}, "a third"), 409)
    assert other["type"] == "/problems/return-already-booked"


def test_a_transfer_waits_for_its_condition_and_then_goes_on(served: ServedCorridor) -> None:
    """To both banks it is pending like anything else that waits; the one named confirms, and it is dispatched."""
    assert sent(served, condition=CONDITION)["state"] == "pending"
    found = shown(served)
    assert (found["state"], found["status"], found["condition"], found["condition_met"]) == ("pending", "PDNG", CONDITION, False)
    assert told(served.get("operator:ops", f"/transfers/{uetr(1)}"), 200)["state"] == "funded"
    wrong = step(served, "psbc", "condition", {"reference": "RR999"}, 409)
    assert wrong["type"] == "/problems/condition-not-due"
    assert step(served, "psbc", "condition", {"reference": "RR123456785MA"})["state"] == "dispatched"
    assert shown(served)["condition_met"] is True


def test_a_waiting_transfer_can_be_cancelled_and_an_unmet_condition_expires(served: ServedCorridor) -> None:
    """Before it was sent onward the debtor agent may take it back; after the deadline it expires by itself."""
    sent(served, condition=CONDITION)
    assert step(served, "abb", "cancel", {})["state"] == "refunded"
    body = transfer(2, condition=CONDITION)
    told(served.post("abb", "/transfers", body, "t2"), 201)
    served.clock.advance(timedelta(days=3))
    ledger = served.service.ledger(served.corridor)
    expire = ExpireTransfer(corridor=served.corridor, actor="system:expiry", idempotency_key="x", uetr=body["uetr"])
    assert ledger.execute(expire).refusal is None
    found = told(served.get("abb", f"/transfers/{uetr(2)}", at_least=served.head()), 200)
    assert (found["state"], found["status"], found["reason"], found["refund_cause"]) == ("refunded", "RJCT", "NOAS", "condition_lapsed")


def test_cash_is_handed_over_for_a_checked_identity_and_the_code(served: ServedCorridor) -> None:
    """The debtor agent learns the one-time code and nobody else; without it, or without the check, nothing is paid."""
    answer = sent(served, product="account_to_cash")
    code = answer["collection_code"]
    assert answer == {
        "position": served.head(), "recorded_at": "2026-03-27T09:00:00Z", "uetr": uetr(1), "state": "dispatched", "collection_code": code,
    }  # fmt: skip
    assert (len(code), code.isdecimal()) == (10, True)
    assert told(served.post("abb", "/transfers", transfer(1, product="account_to_cash"), "t1"), 201) == answer
    step(served, "psbc", "accept", {})
    found = shown(served, "psbc")
    assert (found["collect_until"], "collection" in str(told(served.get("psbc", f"/transfers/{uetr(1)}/trail"), 200))) == (
        "2026-04-06T09:00:00Z", False,
    )  # fmt: skip
    wrong = f"{(int(code) + 1) % 10**10:010d}"
    for body in ({"identity_checked": True, "code": wrong}, {"identity_checked": False, "code": code}):
        refused = step(served, "psbc", "pay", body, 422)
        assert (refused["type"], refused["field"], "value" in refused) == ("/problems/cash-proof-missing", "code", False)
    assert step(served, "psbc", "pay", {"identity_checked": True, "code": code})["state"] == "paid"
    assert shown(served)["status"] == "CPUC"


def test_what_became_of_a_silent_transfer_is_said_in_the_end(served: ServedCorridor) -> None:
    """Flagged unknown it is neither cancelled nor expired; the creditor agent says that it paid."""
    sent(served)
    served.clock.advance(timedelta(minutes=31))
    ledger = served.service.ledger(served.corridor)
    flag = FlagUnanswered(
        corridor=served.corridor, actor="system:resolver", idempotency_key="f", uetr=transfer(1)["uetr"], since=served.clock()
    )
    assert ledger.execute(flag).refusal is None
    found = shown(served)
    assert (found["state"], found["unknown"], found["unknown_since"]) == ("dispatched", True, "2026-03-27T09:31:00Z")
    lacking = told(served.post("psbc", f"/transfers/{uetr(1)}/resolve-unknown", {"outcome": "refused"}, "r0"), 400)
    assert (lacking["field"], lacking["way_out"]) == ("reason", "Send why it was refused, such as AC04.")
    assert step(served, "psbc", "resolve-unknown", {"outcome": "paid"})["state"] == "paid"
    found = shown(served)
    assert (found["state"], found["unknown"], "unknown_since" in found) == ("paid", False, False)


def test_a_payment_reported_after_the_refund_is_refused_and_becomes_a_break(served: ServedCorridor) -> None:
    """The one refusal that leaves a trace: officers of both banks will have to look."""
    sent(served)
    step(served, "psbc", "refuse", {"reason": "AC04"})
    refused = step(served, "psbc", "pay", {}, 409)
    assert (refused["type"], refused["value"]) == ("/problems/step-out-of-order", "refunded")
    [found] = told(served.get("psbc", "/breaks", at_least=served.head()), 200)["breaks"]
    assert found == {
        "break_id": f"paid-after-refund-{uetr(1)}",
        "kind": "paid_after_refund",
        "account": "psbc:cash:CNY",
        "side": "credit",
        "difference": {"amount": "740.52", "currency": "CNY"},
        "state": "open",
        "statement": "",
        "reference": uetr(1),
        "business_date": "2026-03-27",
        "age_days": 0,
        "found_at": "2026-03-27T09:00:00Z",
    }
    assert told(served.get("abb", "/breaks", at_least=served.head()), 200)["breaks"] == []
    missing = told(served.get("abb", f"/breaks/paid-after-refund-{uetr(1)}"), 404)
    assert missing["type"] == "/problems/break-unknown"


def test_a_transfer_without_room_waits_and_is_funded_when_there_is_some(served: ServedCorridor) -> None:
    """Two officers clear a hold while the account is frozen; the transfer is pending until the debtor agent tries again."""
    told(served.post("abb", "/transfers", transfer(1, debtor={"name": "Qasmir Volnadi", "town": "Rabat", "country": "MA"}), "t1"), 201)
    account = "/accounts/abb:cash:MAD/status"
    told(served.post("officer:amina", account, {"status": "frozen"}, "freeze"), 200)
    for officer in ("officer:amina", "officer:bo"):
        told(served.post(officer, f"/cases/hold-{uetr(1)}/opinions", {"opinion": "clear", "reasons": "Namesake."}, "o"), 201)
    assert shown(served)["state"] == "pending"
    assert step(served, "abb", "fund", {}, 409)["type"] == "/problems/account-frozen"
    shown_as = [told(served.post(officer, account, {"status": "open"}, "open"), 200) for officer in ("officer:amina", "officer:bo")]
    assert [(one["status"], one["proposed"]) for one in shown_as] == [("frozen", "open"), ("open", "")]
    assert step(served, "abb", "fund", {"cause": "again"})["state"] == "dispatched"
