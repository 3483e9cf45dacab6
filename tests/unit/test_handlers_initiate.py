"""Initiating a transfer: what the terms, the rates, the quote and the accounts say before any money moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ledger import commands as c
from ledger.commands import Command
from ledger.domain import quote_events
from ledger.domain import transfer_events as happened
from ledger.domain.transfer import Transfer, collection_code_digest
from ledger.errors import (
    AccountClosed,
    AccountFrozen,
    AmountInvalid,
    AmountOverLimit,
    AmountUnderLimit,
    CalendarExhausted,
    CashProofMissing,
    ConditionNotDue,
    CurrencyNotAccepted,
    EvidenceMissing,
    FloorReached,
    PartyFieldMissing,
    ProductUnknown,
    PurposeUnknown,
    QuoteAlreadyUsed,
    QuoteDiffers,
    QuoteExpired,
    QuoteUnknown,
    RateMissing,
    ReferenceAlreadyUsed,
    StatedAmountDiffers,
    UetrAlreadyUsed,
    UnknownCorridor,
    UnknownParticipant,
)
from tests.unit.corridor_fixtures import (
    ABB,
    ABB_TO_PSBC,
    AMINA,
    BAO,
    COMMITMENTS,
    CONDITION,
    CORRIDOR,
    FRIDAY,
    HIT,
    NOW,
    OPEN,
    OPERATOR,
    PRICING,
    PSBC,
    RATES,
    SHANGHAI,
    TERMS,
    ask,
    by,
    initiate,
    publish,
    quote_id,
    terms,
    uetr,
)
from tests.unit.history import events, fact
from tests.unit.memory_ledger import MemoryLedger, lines, of, opened

QUOTE = quote_id()
ASK = ask(c.AskQuote, ABB, quote=QUOTE, creditor_agent=PSBC, amount=1_000_00, currency="MAD")


def classes(happenings: list[Any]) -> list[type]:
    return [type(event) for event in happenings]


def rules_of(command: c.InitiateTransfer) -> tuple[str, ...]:
    """The rules a transfer was initiated under."""
    initiated = of(command.uetr, opened().when(command))[0]
    assert isinstance(initiated, happened.TransferInitiated)
    return initiated.rules


# How far one commit goes


def test_a_clear_transfer_is_funded_and_dispatched_in_one_commit() -> None:
    """Nothing waits between."""
    assert classes(of(uetr(), opened().when(initiate()))) == [
        happened.TransferInitiated,
        happened.TransferCleared,
        happened.TransferFunded,
        happened.TransferDispatched,
    ]


def test_a_transfer_with_a_condition_is_funded_and_waits() -> None:
    """The money is in flight, the creditor agent does not see it yet."""
    ledger = opened()
    assert classes(of(uetr(), ledger.when(initiate(condition=CONDITION)))) == [
        happened.TransferInitiated,
        happened.TransferCleared,
        happened.TransferFunded,
    ]
    assert ledger.balances()["corridor:in_flight:USD"] == "100.00"


def test_a_hit_holds_the_transfer_before_any_money_moves() -> None:
    """A case is opened and nothing is booked."""
    ledger = opened()
    happenings = ledger.when(initiate(screened=HIT))
    assert classes(of(uetr(), happenings)) == [happened.TransferInitiated, happened.TransferHeld]
    assert (lines(happenings), ledger.balances()) == ({}, {})


def test_cash_is_initiated_with_the_digest_of_its_code() -> None:
    """Without one nobody could ever collect it."""
    ledger = opened()
    ledger.refuses(initiate(product="account_to_cash"), CashProofMissing, "collection_code", "")
    ledger.given(initiate(2, product="account_to_cash", collection_code_digest=collection_code_digest(uetr(2), "0123456789")))
    cash = ledger.find(uetr(2))
    assert isinstance(cash, Transfer)
    assert (cash.state, cash.payout_method, cash.cash_days_to_collect) == ("dispatched", "cash", 30)


# Refused by the terms

CHANGES: list[tuple[dict[str, Any], type[Exception], str, object]] = [
    ({"creditor_agent": "bcp"}, UnknownParticipant, "participant", "bcp"),
    ({"actor": "bcp"}, UnknownParticipant, "participant", "bcp"),
    ({"actor": AMINA}, UnknownParticipant, "participant", AMINA),
    ({"creditor_agent": ABB}, UnknownParticipant, "creditor_agent", ABB),
    ({"amount": 0}, AmountInvalid, "amount", 0),
    ({"amount": -1_000_00}, AmountInvalid, "amount", -1_000_00),
    ({"amount": 49_99}, AmountUnderLimit, "amount", "49.99"),
    ({"amount": 20_000_01}, AmountOverLimit, "amount", "20000.01"),
    ({"currency": "CNY"}, CurrencyNotAccepted, "currency", "CNY"),
    ({"product": "cash_to_cash"}, ProductUnknown, "product", "cash_to_cash"),
    ({"purpose": "SALA"}, PurposeUnknown, "purpose", "SALA"),
    ({"purpose": "FAMI"}, EvidenceMissing, "evidence", "FAMI"),
    ({"purpose": "FAMI", "evidence": ("kinship",)}, EvidenceMissing, "evidence", "FAMI"),
    ({"purpose": "FAMI", "evidence": ("identity", "kinship"), "amount": 10_000_01}, AmountOverLimit, "amount", "10000.01"),
    ({"commitments": {"debtor.name": "d0" * 32}}, PartyFieldMissing, "creditor.name", ""),
    ({"amount": 10_000_00}, PartyFieldMissing, "debtor.town", ""),
    ({"stated_settlement": 100_51}, StatedAmountDiffers, "interbank_settlement_amount", 100_51),
    ({"stated_settlement": 99_49}, StatedAmountDiffers, "interbank_settlement_amount", 99_49),
    ({"quote": QUOTE}, QuoteUnknown, "quote", QUOTE),
    ({"condition": CONDITION.model_copy(update={"confirmed_by": "courier"})}, UnknownParticipant, "participant", "courier"),
    ({"condition": CONDITION.model_copy(update={"deadline": NOW})}, ConditionNotDue, "deadline", NOW.isoformat()),
]


@pytest.mark.parametrize(
    ("changes", "refusal", "field", "value"), CHANGES, ids=[f"{r.__name__} {n}" for n, (_, r, *_) in enumerate(CHANGES)]
)
def test_what_the_terms_do_not_allow_is_refused(changes: dict[str, Any], refusal: Any, field: str, value: object) -> None:
    """Each rule by its own name, and nothing is recorded."""
    opened().refuses(initiate(**changes), refusal, field, value)


def test_the_event_names_the_rules_it_was_decided_under() -> None:
    """So that years later one can see what was checked."""
    everything = COMMITMENTS | {f"{party}.town": "aa" * 32 for party in ("debtor", "creditor")} | {"debtor.birth_date": "bb" * 32}
    assert rules_of(initiate()) == ("limit:20000.00", "fields:0.00")
    family = initiate(
        purpose="FAMI", evidence=("identity", "kinship"), amount=10_000_00, commitments=everything, stated_settlement=1_000_00
    )
    funded = opened().given(ask(c.OpenCorridor, OPERATOR, key="v2", agreement=terms(2, abb_cap="5000.00")))
    initiated = of(uetr(), funded.when(family))[0]
    assert isinstance(initiated, happened.TransferInitiated)
    assert (initiated.rules, initiated.terms, initiated.evidence) == (
        ("limit:20000.00", "purpose:FAMI:max", "fields:0.00", "fields:1000.00", "tolerance"),
        2,
        ("identity", "kinship"),
    )


@pytest.mark.parametrize("stated", [99_50, 100_00, 100_50])
def test_a_stated_settlement_amount_within_the_tolerance_passes(stated: int) -> None:
    """Half a per cent of USD 100.00 either way; the ledger's own price is booked all the same."""
    assert lines(opened().when(initiate(stated_settlement=stated)))["corridor:in_flight:USD"] == "-100.00"


def test_an_unopened_corridor_takes_nothing() -> None:
    """Its terms come first."""
    MemoryLedger().refuses(initiate(), UnknownCorridor, "corridor", CORRIDOR)


def test_a_uetr_starts_one_transfer() -> None:
    """Used again under another key, by whomever, it is refused (I6); so is the id of anything else."""
    ledger = opened().given(initiate(), ASK)
    ledger.refuses(initiate(key="again"), UetrAlreadyUsed, "uetr", uetr())
    ledger.refuses(initiate(key="other amount", amount=500_00), UetrAlreadyUsed, "uetr", uetr())
    ledger.refuses(initiate(actor=PSBC, creditor_agent=ABB, currency="CNY"), UetrAlreadyUsed, "uetr", uetr())
    ledger.refuses(initiate(key="a quote's id").model_copy(update={"uetr": QUOTE}), UetrAlreadyUsed, "uetr", QUOTE)


# Rates


def test_without_a_sheet_of_both_banks_there_is_no_price() -> None:
    """Whoever's is missing is named; the refusal may pass later."""
    ledger = MemoryLedger().given(OPEN)
    ledger.refuses(initiate(key="1"), RateMissing, "rate", ABB)
    ledger.given(RATES[0]).refuses(initiate(key="2"), RateMissing, "rate", PSBC)
    ledger.given(RATES[1]).given(initiate(key="3"))


def test_without_a_quote_the_sheets_in_force_count() -> None:
    """The transfer carries their ids and rates."""
    ledger = opened().given(publish(PSBC, "7.50", sheet="PSBC-2"))
    ledger.given(initiate())
    transfer = ledger.find(uetr())
    assert isinstance(transfer, Transfer)
    assert (transfer.pricing.debtor_sheet, transfer.pricing.creditor_sheet, transfer.pricing.payout) == ("ABB-1", "PSBC-2", 750_00)


def test_a_lapsed_sheet_gives_no_rate() -> None:
    """A day later both sheets have ended."""
    ledger = opened()
    ledger.clock.advance(timedelta(hours=24))
    ledger.refuses(initiate(), RateMissing, "rate", "MAD/USD")


# Quotes


def test_a_quote_locks_the_price() -> None:
    """Asked before the rates moved, used after it; spent in the same commit."""
    ledger = opened()
    assert ledger.when(ASK) == events(
        QUOTE, [fact(quote_events.QuoteGiven, by(ABB)._replace(command=ASK.id), charge_bearer="DEBT", pricing=PRICING)]
    )
    ledger.given(publish(PSBC, "7.50", sheet="PSBC-2"))
    ledger.clock.advance(timedelta(minutes=15))
    command = initiate(quote=QUOTE)
    happenings = ledger.when(command)
    assert of(QUOTE, happenings) == events(
        QUOTE, [fact(quote_events.QuoteUsed, by(ABB, at=ledger.clock())._replace(command=command.id), uetr=uetr())], after=1
    )
    assert lines(happenings)["corridor:in_flight:USD"] == "-100.00"


def test_a_quote_answers_with_its_id_and_price() -> None:
    """What the debtor is told."""
    assert opened().run(ASK) == {"quote": QUOTE, "pricing": PRICING.model_dump(mode="json")}


def test_a_quote_is_used_once() -> None:
    """Another transfer needs another quote."""
    ledger = opened().given(ASK, initiate(quote=QUOTE))
    ledger.refuses(initiate(2, quote=QUOTE), QuoteAlreadyUsed, "quote", QUOTE)


def test_an_expired_quote_starts_no_transfer() -> None:
    """Nor does it when there is no room for it either: what is for good is told first."""
    ledger = opened().given(ASK)
    ledger.clock.advance(timedelta(minutes=15, seconds=1))
    ledger.refuses(initiate(quote=QUOTE), QuoteExpired, "quote", QUOTE)
    ledger.given(*(initiate(number) for number in range(2, 6)))
    ledger.refuses(initiate(quote=QUOTE, key="no room either"), QuoteExpired, "quote", QUOTE)


@pytest.mark.parametrize("changes", [{"amount": 999_99}, {"charge_bearer": "SHAR"}, {"currency": "USD"}, {"currency": "VND"}], ids=str)
def test_a_transfer_says_what_its_quote_says(changes: dict[str, Any]) -> None:
    """Otherwise it needs another quote, and this one stays unused."""
    ledger = opened().given(ASK)
    ledger.refuses(initiate(quote=QUOTE, **changes), QuoteDiffers, "quote", QUOTE)
    ledger.given(initiate(2, quote=QUOTE))


def test_a_quote_does_not_outlive_a_lower_limit() -> None:
    """The terms of today count, not those under which it was quoted."""
    lower = ABB_TO_PSBC.model_copy(update={"max": "500.00"})
    ledger = opened().given(ASK, ask(c.OpenCorridor, OPERATOR, key="v2", agreement=terms(2, legs=(lower,))))
    ledger.refuses(initiate(quote=QUOTE), AmountOverLimit, "amount", "1000.00")


@pytest.mark.parametrize(
    ("changes", "refusal", "field", "value"),
    [
        ({"creditor_agent": "bcp"}, UnknownParticipant, "participant", "bcp"),
        ({"amount": 0}, AmountInvalid, "amount", 0),
        ({"amount": 49_99}, AmountUnderLimit, "amount", "49.99"),
        ({"amount": 20_000_01}, AmountOverLimit, "amount", "20000.01"),
        ({"currency": "CNY"}, CurrencyNotAccepted, "currency", "CNY"),
    ],
)
def test_a_quote_is_refused_as_the_transfer_would_be(changes: dict[str, Any], refusal: Any, field: str, value: object) -> None:
    """Nobody is promised what will not be taken."""
    said = {"quote": QUOTE, "creditor_agent": PSBC, "amount": 1_000_00, "currency": "MAD"}
    opened().refuses(ask(c.AskQuote, ABB, **(said | changes)), refusal, field, value)


def test_a_quote_id_is_used_once() -> None:
    """Nor may it be the id of anything else."""
    ledger = opened().given(ASK, initiate())
    ledger.refuses(ASK.model_copy(update={"idempotency_key": "again"}), ReferenceAlreadyUsed, "quote", QUOTE)
    ledger.refuses(ASK.model_copy(update={"idempotency_key": "a uetr", "quote": uetr()}), ReferenceAlreadyUsed, "quote", uetr())


# Accounts


def test_four_fit_under_the_cap_and_the_fifth_does_not() -> None:
    """Four times USD 101.00 are below the net debit cap of 500.00 (I12); prefunding makes room."""
    ledger = opened().given(*(initiate(number) for number in range(1, 5)))
    ledger.refuses(initiate(5), FloorReached, "account", "abb:position:USD")
    ledger.given(ask(c.FundPosition, "bank:settlement", participant=ABB, amount=5_00, currency="USD", reference="P-1"))
    ledger.given(initiate(5, key="after prefunding"))
    assert ledger.balances()["abb:position:USD"] == "-500.00"


def test_those_of_one_batch_count_against_each_other() -> None:
    """Decided together, still one after the other: the fifth of five is refused and hurts none of its neighbours."""
    ledger = opened()
    answers = ledger.batch(*(initiate(number) for number in range(1, 7)))
    assert [type(answer) for answer in answers] == [dict, dict, dict, dict, FloorReached, FloorReached]
    assert ledger.balances()["abb:position:USD"] == "-404.00"
    assert len(ledger.account("abb:position:USD").collected) == 0


STATUS = [("frozen", AccountFrozen), ("closed", AccountClosed)]


@pytest.mark.parametrize(("status", "refusal"), STATUS)
@pytest.mark.parametrize("account", ["abb:cash:MAD", "abb:position:USD", "corridor:in_flight:USD"])
def test_no_funding_over_a_frozen_or_closed_account(status: str, refusal: Any, account: str) -> None:
    """Whichever of its lines meets it."""
    ledger = opened().given(freeze(account, status), freeze(account, status, BAO))
    ledger.refuses(initiate(), refusal, "account", account)


def freeze(account: str, status: str = "frozen", officer: str = AMINA) -> Command:
    return ask(c.SetAccountStatus, officer, account=account, status=status)


def test_a_held_transfer_needs_no_room() -> None:
    """It moves no money yet."""
    ledger = opened().given(freeze("abb:position:USD"))
    ledger.given(initiate(screened=HIT))


def test_beyond_its_calendar_the_ledger_refuses() -> None:
    """It does not guess a holiday."""
    ending = TERMS.participant(PSBC).model_copy(update={"calendar": SHANGHAI.model_copy(update={"valid_through": FRIDAY})})
    agreed = terms(2, participants={**TERMS.participants, PSBC: ending})
    ledger = opened().given(ask(c.OpenCorridor, OPERATOR, key="v2", agreement=agreed), initiate())
    ledger.refuses(ask(c.PayTransfer, PSBC, uetr=uetr()), CalendarExhausted, "valid_through", FRIDAY)
