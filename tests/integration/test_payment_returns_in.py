"""Returns of a creditor agent: what was paid comes back, whole or in parts, and each return is answered."""

from __future__ import annotations

from fractions import Fraction
from uuid import UUID

import pytest

from ledger.bootstrap import Service
from ledger.domain.posting import ReturnPart
from ledger.errors import KeyReused, UnknownParticipant
from ledger.iso20022.credit_transfer import ChargeBearer, Product
from ledger.iso20022.pacs002 import read_pacs002
from ledger.iso20022.values import Amount
from ledger.messages import asking
from ledger.messages.incoming import take_in
from ledger.messages.taken import Outcome
from tests.integration.bank_messages import (
    HIT,
    dispatched,
    file_of,
    head,
    part,
    payment_return,
    replied,
    says,
    states,
    status_report,
    transfer_of,
)

ACCOUNT = Product.ACCOUNT_TO_ACCOUNT
NOWHERE = UUID("00000000-1111-4222-8333-444444444444")
CENT = Amount(1, "USD")


def paid(service: Service, corridor: str, count: int = 1, bearer: ChargeBearer = ChargeBearer.DEBTOR) -> list[UUID]:
    """Transfers that psbc reported as paid."""
    uetrs = dispatched(service, corridor, *([ACCOUNT] * count), bearer=bearer)
    assert take_in(service, corridor, "psbc", status_report("PAID", *(says(uetr, "ACCC") for uetr in uetrs))).status == "accepted"
    return uetrs


def told(items: tuple[Outcome, ...]) -> list[tuple[str, str, str, str]]:
    """Of each answer: status, reason, rule and field."""
    return [(item.status, item.reason, item.rule, item.field) for item in items]


def whole(service: Service, corridor: str, uetr: UUID) -> tuple[Amount, Amount]:
    """What the creditor was paid, before that what it settled as: a fee that the creditor bore is in neither."""
    pricing = transfer_of(service, corridor, uetr).pricing
    paid_share = round(Fraction(pricing.settlement * pricing.paid_to_creditor, pricing.payout))
    return Amount(paid_share, "USD"), Amount(pricing.paid_to_creditor, "CNY")


def test_a_whole_payment_comes_back(service: Service, corridor: str) -> None:
    """By its settlement amount alone, as banks return; the transfer is returned in each currency."""
    [uetr] = paid(service, corridor)
    settlement, payout = whole(service, corridor, uetr)

    taken = take_in(service, corridor, "psbc", payment_return("B1", part(uetr, settlement)))

    transfer = transfer_of(service, corridor, uetr)
    assert (transfer.state, list(transfer.returns)) == ("returned", ["R1"])
    assert (transfer.returned.payout, transfer.returned.settlement) == (payout.minor, settlement.minor)
    assert (taken.status, told(taken.items)) == ("accepted", [("ACSC", "", "", "")])
    reply = read_pacs002(taken.reply or b"")
    assert reply.message_id == "STS-pacs.004-B1"
    assert [(group.original.message_id, group.original.message, group.status) for group in reply.groups] == [
        ("B1", "pacs.004.001.09", "ACTC")
    ]
    assert replied(taken.reply) == [(str(uetr), "ACSC", None)]


def test_parts_in_either_currency_close_exactly(service: Service, corridor: str) -> None:
    """Two parts in one file, the rest in another: nothing is left over, in any of the three currencies."""
    [uetr] = paid(service, corridor)
    settlement, payout = whole(service, corridor, uetr)
    third = Amount(payout.minor // 3, "CNY")
    settles = Amount(round(settlement.minor * third.minor / payout.minor), "USD")

    first = take_in(
        service, corridor, "psbc", payment_return("B1", part(uetr, settles, third, "R1"), part(uetr, Amount(100, "USD"), None, "R2"))
    )
    pricing = transfer_of(service, corridor, uetr).pricing
    so_far = transfer_of(service, corridor, uetr).returned
    rest = Amount(pricing.paid_to_creditor - so_far.payout, "CNY")
    second = take_in(
        service, corridor, "psbc", payment_return("B2", part(uetr, Amount(settlement.minor - so_far.settlement, "USD"), rest, "R3"))
    )

    assert (first.status, second.status) == ("accepted", "accepted")
    transfer = transfer_of(service, corridor, uetr)
    assert list(transfer.returns) == ["R1", "R2", "R3"]
    assert transfer.returns["R1"].payout == third.minor
    assert transfer.returned.payout == pricing.paid_to_creditor
    assert transfer.state == "returned"


@pytest.mark.parametrize("bearer", [ChargeBearer.DEBTOR, ChargeBearer.SHARED])
def test_three_thirds_of_the_settlement_amount_are_the_whole(service: Service, corridor: str, bearer: ChargeBearer) -> None:
    """Each part converted for itself would leave a fen behind; a fee that the creditor bore does not come back."""
    [uetr] = paid(service, corridor, bearer=bearer)
    pricing = transfer_of(service, corridor, uetr).pricing
    assert (pricing.creditor_fee > 0) == (bearer is ChargeBearer.SHARED)
    settlement, payout = whole(service, corridor, uetr)
    third = settlement.minor // 3
    thirds = [third, third, settlement.minor - 2 * third]
    parts = [part(uetr, Amount(minor, "USD"), None, f"R{number}") for number, minor in enumerate(thirds)]

    first = take_in(service, corridor, "psbc", payment_return("B1", *parts[:2]))
    last = take_in(service, corridor, "psbc", payment_return("B2", parts[2]))

    assert (first.status, last.status) == ("accepted", "accepted")
    transfer = transfer_of(service, corridor, uetr)
    assert (transfer.state, transfer.returned.payout, transfer.returned.settlement) == ("returned", payout.minor, settlement.minor)
    more = take_in(service, corridor, "psbc", payment_return("B3", part(uetr, CENT, None, "R4")))
    assert [item.rule for item in more.items] == ["return-exceeds-payment"]


def test_a_file_that_stopped_in_the_middle_goes_on_where_it_stopped(
    service: Service, corridor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died after the first part: the same file again books the second one, and the first not twice."""
    monkeypatch.setattr(asking, "CHUNK", 1)
    [uetr] = paid(service, corridor)
    ten = Amount(1_000, "USD")
    data = payment_return("B1", part(uetr, ten), part(uetr, ten, None, "R2"))

    def die(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_in(service, corridor, "psbc", data, progress=die)
    assert list(transfer_of(service, corridor, uetr).returns) == ["R1"]
    taken = take_in(service, corridor, "psbc", data)

    assert [(item.status, item.replayed) for item in taken.items] == [("ACSC", True), ("ACSC", False)]
    returns = transfer_of(service, corridor, uetr).returns
    assert [returned.settlement for returned in returns.values()] == [1_000, 1_000]


def test_the_same_file_again_adds_nothing_and_gets_the_same_bytes(service: Service, corridor: str) -> None:
    """Taken and refused returns alike, whatever came back in between."""
    [uetr] = paid(service, corridor)
    settlement, payout = whole(service, corridor, uetr)
    data = payment_return("B1", part(uetr, CENT, Amount(7, "CNY")), part(NOWHERE, CENT, None, "R2"), part(uetr, settlement, payout, "R3"))
    first = take_in(service, corridor, "psbc", data)
    take_in(service, corridor, "psbc", payment_return("B2", part(uetr, Amount(200, "USD"), None, "R9")))
    before = head(service, corridor)

    again = take_in(service, corridor, "psbc", data)

    assert head(service, corridor) == before
    assert (again.recognised, again.reply, told(again.items)) == (True, first.reply, told(first.items))
    assert [(rule, reason) for _, reason, rule, _ in told(first.items)] == [
        ("", ""),
        ("transfer-unknown", "AG09"),
        ("return-exceeds-payment", "AM09"),
    ]
    with pytest.raises(KeyReused):
        take_in(service, corridor, "psbc", payment_return("B1", part(uetr, CENT)))


def test_a_return_is_known_by_uetr_and_return_id(service: Service, corridor: str) -> None:
    """The same part in another message has no second effect; another amount under the id is refused."""
    [uetr] = paid(service, corridor)
    ten = Amount(1_000, "USD")
    take_in(service, corridor, "psbc", payment_return("B1", part(uetr, ten)))
    once = transfer_of(service, corridor, uetr).returned

    again = take_in(service, corridor, "psbc", payment_return("B2", part(uetr, ten)))
    other = take_in(service, corridor, "psbc", payment_return("B3", part(uetr, Amount(900, "USD"))))

    assert told(again.items) == [("ACSC", "", "", "")]
    assert told(other.items) == [("RJCT", "AM05", "return-already-booked", "return_id")]
    assert transfer_of(service, corridor, uetr).returned == once != ReturnPart(0, 0, 0)


def test_a_return_without_an_id_is_known_by_its_message(service: Service, corridor: str) -> None:
    """CBPR+ leaves RtrId to the bank: the message's id stands in, with the place in the file where there are several."""
    one, two = paid(service, corridor, 2)
    take_in(service, corridor, "psbc", payment_return("B1", part(one, CENT, None, None)))
    take_in(service, corridor, "psbc", payment_return("B2", part(one, CENT, None, None), part(two, CENT, None, None)))
    assert list(transfer_of(service, corridor, one).returns) == ["B1", "B2/1"]
    assert list(transfer_of(service, corridor, two).returns) == ["B2/2"]


def test_amounts_that_do_not_belong_together_are_refused(service: Service, corridor: str) -> None:
    """Ten dollars for seven yuan is not the rate at which it was paid; euros are nobody's currency here."""
    [uetr] = paid(service, corridor)

    taken = take_in(
        service, corridor, "psbc",
        payment_return("B1", part(uetr, Amount(1_000, "USD"), Amount(700, "CNY")), part(uetr, Amount(1_000, "EUR"), None, "R2")),
    )  # fmt: skip

    assert told(taken.items) == [
        ("RJCT", "AM09", "stated-amount-differs", "RtrdIntrBkSttlmAmt"),
        ("RJCT", "AM03", "currency-not-accepted", "RtrdIntrBkSttlmAmt"),
    ]
    assert states(service, corridor, [uetr]) == ["paid"]


def test_what_was_not_paid_cannot_come_back(service: Service, corridor: str) -> None:
    """Before the payment a creditor agent refuses; a held transfer is not there for it."""
    [uetr] = dispatched(service, corridor)
    data, [held] = file_of(ACCOUNT, seed=12, debtor=HIT)
    take_in(service, corridor, "abb", data)

    taken = take_in(service, corridor, "psbc", payment_return("B1", part(uetr, CENT), part(held.uetr, CENT)))

    assert [(item.rule, item.sentence) for item in taken.items] == [
        ("step-out-of-order", f"Cannot return {uetr}: it is dispatched. This step follows paid or returned."),
        ("transfer-unknown", f"There is no transfer {held.uetr} to speak of. Check the UETR."),
    ]


def test_only_who_paid_returns(service: Service, corridor: str) -> None:
    """Neither the debtor agent nor a stranger nor the settlement bank."""
    [uetr] = paid(service, corridor)
    taken = take_in(service, corridor, "abb", payment_return("B1", part(uetr, CENT)))
    assert told(taken.items) == [("RJCT", "RC03", "not-permitted", "actor")]
    for actor in ("nobody", "bank:settlement"):
        with pytest.raises(UnknownParticipant):
            take_in(service, corridor, actor, payment_return("B1", part(uetr, CENT)))
