"""Compliance: what screening holds and what officers freeze, seen by officers whole and by banks not at all."""

from typing import Any

from ledger.commands import FoundBreak, RecordBreaks
from ledger.domain import ids
from ledger.privacy.records import RecordKind
from tests.acceptance.conftest import FRIDAY_MORNING, LISTED, ServedCorridor, told, transfer, uetr

HOLD = f"hold-{uetr(1)}"
NAMESAKE = {"opinion": "clear", "reasons": "Namesake: Yasmina's cousin is another person."}


def held(served: ServedCorridor) -> None:
    """A transfer that screening holds."""
    told(served.post("abb", "/transfers", transfer(1, debtor=LISTED), "t1"), 201)


def test_a_hold_tips_nobody_off(served: ServedCorridor) -> None:
    """To a bank a held transfer is told exactly like one that waits for a parcel; the trail says no more."""
    held(served)
    condition = {"kind": "parcel_delivered", "reference": "R1", "confirmed_by": "psbc", "deadline": "2026-03-29T16:00:00Z"}
    told(served.post("abb", "/transfers", transfer(2, condition=condition), "t2"), 201)
    views = [told(served.get("abb", f"/transfers/{uetr(n)}", at_least=served.head()), 200) for n in (1, 2)]
    same = [{k: v for k, v in view.items() if k not in ("uetr", "condition", "condition_met", "last_position")} for view in views]
    assert same[0] == same[1]
    assert (same[0]["state"], same[0]["status"], "frozen" in same[0], "case" in same[0], "funded_at" in same[0]) == (
        "pending", "PDNG", False, False, False,
    )  # fmt: skip
    trail = told(served.get("abb", f"/transfers/{uetr(1)}/trail"), 200)
    assert [step["event"] for step in trail["steps"]] == ["Transfer.Initiated.v1"]
    listed = {
        state: [t["uetr"] for t in told(served.get("abb", "/transfers", state=state), 200)["transfers"]]
        for state in ("pending", "held", "funded")
    }
    assert listed == {"pending": [uetr(1), uetr(2)], "held": [], "funded": []}
    refused = told(served.post("abb", f"/transfers/{uetr(1)}/cancel", {}, "c1"), 409)
    assert (refused["detail"], refused["value"]) == (f"Cannot cancel {uetr(1)}: it is pending.", "pending")
    in_flight = told(served.get("abb", "/in-flight"), 200)
    assert ("held_transfers" in in_flight, "held_before_funding" in in_flight) == (False, False)


def test_an_officer_sees_what_is_held_and_why_it_waits(served: ServedCorridor) -> None:
    """State, case and what stands before funding; the case with its opinions."""
    held(served)
    found = told(served.get("officer:amina", f"/transfers/{uetr(1)}", at_least=served.head()), 200)
    assert (found["state"], found["status"], found["frozen"], found["case"]) == ("held", "PDNG", False, HOLD)
    assert told(served.get("officer:amina", "/in-flight"), 200) == {
        "position": served.head(),
        "in_flight": {"amount": "0.00", "currency": "USD"},
        "transfers": 0,
        "remuneration": {"amount": "0.00", "currency": "USD"},
        "held_before_funding": {"amount": "107.31", "currency": "USD"},
        "held_transfers": 1,
    }
    assert told(served.get("officer:amina", "/cases"), 200) == {
        "position": served.head(),
        "cases": [{"case": HOLD, "kind": "hold", "uetr": uetr(1), "opinions": {}, "outcome": "open", "opened_at": "2026-03-27T09:00:00Z"}],
    }


def test_two_officers_clear_a_hold_and_the_money_moves(served: ServedCorridor) -> None:
    """The first opinion decides nothing, the same officer again is refused, the second officer decides and funds."""
    held(served)
    first = told(served.post("officer:amina", f"/cases/{HOLD}/opinions", NAMESAKE, "o1"), 201)
    assert first == {
        "position": served.head(), "recorded_at": "2026-03-27T09:00:00Z", "case": HOLD, "outcome": "open", "uetr": uetr(1),
        "state": "held",
    }  # fmt: skip
    alone = told(served.post("officer:amina", f"/cases/{HOLD}/opinions", NAMESAKE, "o2"), 403)
    assert (alone["type"], alone["way_out"]) == ("/problems/second-officer-needed", "Another officer must give the second opinion.")
    second = told(served.post("officer:bo", f"/cases/{HOLD}/opinions", {**NAMESAKE, "cause": "four-eyes"}, "o1"), 201)
    assert (second["outcome"], second["state"]) == ("clear", "dispatched")
    found = told(served.get("officer:bo", f"/cases/{HOLD}", at_least=second["position"]), 200)
    assert (found["opinions"], found["outcome"], found["officers"]) == (
        {"officer:amina": "clear", "officer:bo": "clear"}, "clear", ["officer:amina", "officer:bo"],
    )  # fmt: skip
    assert told(served.get("officer:bo", "/cases"), 200)["cases"] == []
    assert told(served.get("abb", f"/transfers/{uetr(1)}"), 200)["state"] == "dispatched"


def test_the_words_of_an_officer_go_into_the_vault_and_not_into_the_log(served: ServedCorridor) -> None:
    """The log holds a commitment; the receipt names the subject under which the vault keeps the words."""
    held(served)
    before = served.head()
    answer = served.post("officer:amina", f"/cases/{HOLD}/opinions", NAMESAKE, "o1")
    assert served.post("officer:amina", f"/cases/{HOLD}/opinions", NAMESAKE, "o1").content == answer.content
    log = served.service.ledger(served.corridor).log_store
    assert not any(b"cousin" in row.state for row in log.read_page(before, 100))
    receipt = log.receipt(ids.receipt_digest("officer:amina", "o1"))
    assert receipt is not None and receipt.fingerprint_key is not None
    kept: Any = served.service.vault.read(receipt.fingerprint_key)[RecordKind.REFERENCE]
    assert (kept["reasons"], sorted(kept)) == (NAMESAKE["reasons"], ["reasons", "salt"])


def test_a_rejected_hold_is_told_with_the_reason_that_says_nothing(served: ServedCorridor) -> None:
    """MS03, whatever was found."""
    held(served)
    for officer in ("officer:amina", "officer:bo"):
        told(served.post(officer, f"/cases/{HOLD}/opinions", {"opinion": "reject", "reasons": "True match."}, "o1"), 201)
    found = told(served.get("abb", f"/transfers/{uetr(1)}", at_least=served.head()), 200)
    assert (found["state"], found["status"], found["reason"]) == ("rejected", "RJCT", "MS03")


def test_a_bank_gives_no_opinion_and_its_words_are_not_kept(served: ServedCorridor) -> None:
    """403 before anything is stored."""
    held(served)
    count = "SELECT count(*) FROM vault.subjects"
    before = served.service.pool.rows(count)
    refused = told(served.post("abb", f"/cases/{HOLD}/opinions", NAMESAKE, "o1"), 403)
    assert (refused["type"], refused["detail"]) == (
        "/problems/key-not-permitted",
        "Key abb may initiate, pay, rates, treasury, read, statements; this needs decide.",
    )
    assert served.service.pool.rows(count) == before


def test_a_frozen_transfer_stays_where_it_is_until_two_officers_lift_it(served: ServedCorridor) -> None:
    """Neither paid nor refused meanwhile; the bank is told only that it cannot go on at present."""
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    frozen = told(served.post("officer:amina", f"/transfers/{uetr(1)}/freeze", {}, "f1"), 201)
    case = frozen["case"]
    assert (frozen["uetr"], frozen["state"], case.startswith(f"freeze-{uetr(1)}-")) == (uetr(1), "dispatched", True)
    refused = told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p1"), 409)
    assert (refused["title"], refused["detail"], refused["transient"]) == (
        "The transfer cannot go on at present", f"{uetr(1)} cannot go on at present.", True,
    )  # fmt: skip
    views = {who: told(served.get(who, f"/transfers/{uetr(1)}", at_least=served.head()), 200) for who in ("psbc", "officer:bo")}
    assert ("frozen" in views["psbc"], views["officer:bo"]["frozen"], views["officer:bo"]["case"]) == (False, True, case)
    for officer in ("officer:amina", "officer:bo"):
        told(served.post(officer, f"/cases/{case}/opinions", NAMESAKE, "o1"), 201)
    told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p2"), 200)


def test_a_break_is_parked_and_resolved_by_two_officers_each(served: ServedCorridor) -> None:
    """A charge of the bank that the ledger did not know: parked against suspense, then moved where it belongs."""
    found = FoundBreak(
        break_id="missing-in-ledger-1", break_class="missing_in_ledger", account="abb:cash:MAD", difference=-3500,
        statement="ABB-2026-03-27", reference="CHG-88", business_date=FRIDAY_MORNING.date(),
    )  # fmt: skip
    command = RecordBreaks(corridor=served.corridor, actor="system:nightly", idempotency_key="n", found=(found,))
    assert served.service.ledger(served.corridor).execute(command).refusal is None
    path = "/breaks/missing-in-ledger-1"
    shown = told(served.get("abb", path, at_least=served.head()), 200)
    assert (shown["side"], shown["difference"], shown["state"]) == ("credit", {"amount": "35.00", "currency": "MAD"}, "open")
    parked = [told(served.post(officer, f"{path}/park", {}, "k"), 200)["parked"] for officer in ("officer:amina", "officer:bo")]
    why = {"to_account": "abb:fees:MAD", "explanation": "Account keeping charge of March."}
    wrong = told(served.post("officer:bo", f"{path}/resolve", {"explanation": "None."}, "w"), 409)
    resolved = [told(served.post(officer, f"{path}/resolve", why, "r"), 200)["resolved"] for officer in ("officer:bo", "officer:amina")]
    assert (parked, wrong["type"], resolved) == ([False, True], "/problems/break-step-out-of-order", [False, True])
    shown = told(served.get("officer:bo", path, at_least=served.head()), 200)
    assert shown == {
        "position": served.head(),
        "break_id": "missing-in-ledger-1",
        "kind": "missing_in_ledger",
        "account": "abb:cash:MAD",
        "side": "credit",
        "difference": {"amount": "35.00", "currency": "MAD"},
        "state": "resolved",
        "statement": "ABB-2026-03-27",
        "reference": "CHG-88",
        "business_date": "2026-03-27",
        "age_days": 0,
        "parked_by": ["officer:amina", "officer:bo"],
        "resolved_by": ["officer:bo", "officer:amina"],
        "to_account": "abb:fees:MAD",
        "explanation": "Account keeping charge of March.",
        "found_at": "2026-03-27T09:00:00Z",
        "parked_at": "2026-03-27T09:00:00Z",
        "resolved_at": "2026-03-27T09:00:00Z",
    }
    assert told(served.get("officer:bo", "/breaks"), 200)["breaks"] == []
    assert len(told(served.get("officer:bo", "/breaks", only_open=False), 200)["breaks"]) == 1
    cash = told(served.get("abb", "/accounts/abb:cash:MAD"), 200)
    assert (cash["balance"], cash["status"]) == ("-35.00", "open")
