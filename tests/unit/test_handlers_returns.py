"""Returns through the books: parts that close exactly, caps, today's rates, floors."""

from __future__ import annotations

from datetime import timedelta

from ledger import commands as c
from ledger.domain import transfer_events as happened
from ledger.domain.account_events import AccountPosted
from ledger.domain.transfer import Transfer
from ledger.errors import AmountInvalid, FloorReached, NotPermitted, RateMissing, ReturnAlreadyBooked, ReturnExceedsPayment, StepOutOfOrder
from tests.unit.corridor_fixtures import ABB, OPERATOR, PSBC, ask, by, initiate, publish, terms, uetr
from tests.unit.history import events, fact
from tests.unit.memory_ledger import MemoryLedger, lines, of, opened

UETR = uetr()
PAY = ask(c.PayTransfer, PSBC, uetr=UETR)


def give_back(amount: int, return_id: str = "RET-1", *, key: str = "", actor: str = PSBC) -> c.ReturnTransfer:
    """The creditor agent sends CNY back."""
    return ask(c.ReturnTransfer, actor, key=key or return_id, uetr=UETR, return_id=return_id, amount=amount, reason="AC04")


def paid() -> MemoryLedger:
    return opened().given(initiate(), PAY)


def at_todays_rate() -> MemoryLedger:
    return paid().given(ask(c.OpenCorridor, OPERATOR, key="v2", agreement=terms(2, return_rate="today")))


def test_a_part_reverses_payout_and_funding_in_all_three_currencies() -> None:
    """A quarter: CNY 180.00, USD 25.00, MAD 250.00; fees and remuneration stay earned."""
    ledger = paid()
    command = give_back(180_00)
    happenings = ledger.when(command)
    by_psbc = by(PSBC)._replace(command=command.id)
    assert of(UETR, happenings) == events(
        UETR, [fact(happened.TransferReturned, by_psbc, return_id="RET-1", reason="AC04", part=(180_00, 25_00, 250_00))], after=5
    )
    assert lines(happenings) == {
        "psbc:cash:CNY": "180.00",
        "psbc:fx:CNY": "-180.00",
        "psbc:position:USD": "25.00",
        "abb:position:USD": "-25.00",
        "abb:fx:MAD": "250.00",
        "abb:cash:MAD": "-250.00",
    }


def test_three_awkward_parts_leave_only_fees_and_remuneration() -> None:
    """CNY 333.33, 386.66 and 0.01: what remains is what each bank earned, and the dollar that moved for it."""
    ledger = paid().given(give_back(333_33), give_back(386_66, "RET-2"), give_back(1, "RET-3"))
    assert ledger.balances() == {
        "abb:cash:MAD": "30.00",
        "abb:fees:MAD": "20.00",
        "abb:fx:MAD": "-10.00",
        "abb:position:USD": "-1.00",
        "psbc:fees:CNY": "7.20",
        "psbc:fx:CNY": "7.20",
        "psbc:position:USD": "1.00",
    }
    ledger.refuses(give_back(1, "RET-4"), ReturnExceedsPayment, "amount", "0.01")


def test_a_return_is_known_by_its_id() -> None:
    """The same part under another key changes nothing; another amount under its id is refused (I6)."""
    ledger = paid().given(give_back(180_00))
    before = len(ledger.rows)
    assert ledger.run(give_back(180_00, key="again")) == {"uetr": UETR, "state": "returned"}
    assert len(ledger.rows) == before
    ledger.refuses(give_back(180_01, key="other amount"), ReturnAlreadyBooked, "return_id", "RET-1")


def test_two_returns_of_one_batch_count_against_each_other() -> None:
    """Together they cannot exceed the payment."""
    ledger = paid()
    answers = ledger.batch(give_back(700_00), give_back(20_01, "RET-2"), give_back(20_00, "RET-3"))
    assert [type(answer) for answer in answers] == [dict, ReturnExceedsPayment, dict]
    transfer = ledger.find(UETR)
    assert isinstance(transfer, Transfer)
    assert transfer.returned == (720_00, 100_00, 1_000_00)


def test_what_cannot_be_returned() -> None:
    """Nothing, less than nothing, what was not paid, or by another bank."""
    ledger = paid()
    for amount in (0, -1):
        ledger.refuses(give_back(amount, key=str(amount)), AmountInvalid, "amount", amount)
    ledger.refuses(give_back(1, actor=ABB), NotPermitted, "actor", ABB)
    opened().given(initiate()).refuses(give_back(1), StepOutOfOrder, "state", "dispatched")


def test_at_todays_rate_the_surplus_stays_with_the_bank_that_bears_it() -> None:
    """CNY 180.00 at 7.50 are USD 24.00, these at 9.50 MAD 228.00: psbc's fx gains, abb's too."""
    ledger = at_todays_rate().given(publish(ABB, "9.50", sheet="ABB-2"), publish(PSBC, "7.50", sheet="PSBC-2"))
    assert lines(ledger.when(give_back(180_00))) == {
        "psbc:cash:CNY": "180.00",
        "psbc:fx:CNY": "-180.00",
        "psbc:position:USD": "24.00",
        "abb:position:USD": "-24.00",
        "abb:fx:MAD": "228.00",
        "abb:cash:MAD": "-228.00",
    }


def test_at_todays_rate_no_currency_gives_back_more_than_it_had() -> None:
    """A stronger yuan and a weaker dirham would make USD 120.00 and MAD 1,200.00 of it; the cap holds at 100.00 and 1,000.00."""
    ledger = at_todays_rate().given(publish(ABB, "12", sheet="ABB-2"), publish(PSBC, "6", sheet="PSBC-2"))
    ledger.given(give_back(720_00))
    transfer = ledger.find(UETR)
    assert isinstance(transfer, Transfer)
    assert transfer.returned == (720_00, 100_00, 1_000_00)


def test_at_todays_rate_a_sheet_must_be_in_force() -> None:
    """The refusal may pass; but what is booked already is recognised without one."""
    ledger = at_todays_rate().given(give_back(180_00))
    ledger.clock.advance(timedelta(hours=25))
    ledger.refuses(give_back(180_00, "RET-2"), RateMissing, "rate", "MAD/USD")
    assert ledger.run(give_back(180_00, key="again")) == {"uetr": UETR, "state": "returned"}


def test_a_return_below_the_floor_is_booked_raises_the_alert_and_stops_new_fundings() -> None:
    """Psbc was paid out, then everything came back: its position is below its cap, and it can send nothing until it pays in (I12)."""
    ledger = opened().given(
        ask(c.FundPosition, "bank:settlement", participant=ABB, amount=2_000_00, currency="USD", reference="P"),
        *(initiate(number, amount=1_500_00) for number in (1, 2, 3)),
        *(ask(c.PayTransfer, PSBC, uetr=uetr(number)) for number in (1, 2, 3)),
        ask(c.RequestWithdrawal, PSBC, participant=PSBC, amount=453_00, currency="USD", reference="W"),
        *(
            ask(c.ReturnTransfer, PSBC, key=str(number), uetr=uetr(number), return_id="R", amount=1_080_00, reason="AC04")
            for number in (1, 2)
        ),
    )
    assert ledger.balances()["psbc:position:USD"] == "-300.00"
    last = ledger.when(ask(c.ReturnTransfer, PSBC, key="3", uetr=uetr(3), return_id="R", amount=1_080_00, reason="AC04"))
    assert {event.originator_id: event.below_floor for event in last if isinstance(event, AccountPosted)}[
        ledger.account("psbc:position:USD").id
    ]
    assert ledger.balances()["psbc:position:USD"] == "-450.00"
    back = initiate(9, actor=PSBC, creditor_agent=ABB, amount=100_00, currency="CNY")
    ledger.refuses(back, FloorReached, "account", "psbc:position:USD")
