"""Returns: in parts, at the original rate or today's, never more than was paid in any currency, closing exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.money import Rounding
from ledger.domain.posting import ReturnPart
from ledger.domain.pricing import Pricing
from ledger.domain.transfer import Transfer
from ledger.errors import ReturnAlreadyBooked, ReturnExceedsPayment
from tests.unit import transfer_lives as life
from tests.unit.corridor_fixtures import PRICING, PSBC, by
from tests.unit.history import Fact, recorded, recorded_nothing
from tests.unit.refusals import refuses

TODAY = (Decimal("11"), Decimal("7"))


def paid(pricing: Pricing, *parts: Fact) -> Transfer:
    """A paid transfer of these amounts, parts of which came back."""
    return life.transfer(life.initiated(pricing=pricing), *life.TO_PAID[1:], *parts)


def part_of(
    transfer: Transfer, amount: int, *, today: tuple[Decimal, Decimal] | None = None, return_id: str = "RET-9"
) -> ReturnPart | None:
    """What the creditor agent's return of ``amount`` comes to."""
    return transfer.return_part_of(by(PSBC), return_id=return_id, amount=amount, today=today)


def give_back(pricing: Pricing, amounts: list[int], *, today: tuple[Decimal, Decimal] | None = None) -> list[ReturnPart]:
    """The parts that these amounts come to, one after the other."""
    parts: list[ReturnPart] = []
    for amount in amounts:
        lived = [life.returned(f"RET-{n}", *part) for n, part in enumerate(parts)]
        part = part_of(paid(pricing, *lived), amount, today=today)
        assert part is not None
        parts.append(part)
    return parts


def test_thirds_close_exactly() -> None:
    """CNY 720.00 in three equal parts: the dollars and dirhams of the parts differ by a cent, their sums do not."""
    assert give_back(PRICING, [240_00, 240_00, 240_00]) == [
        ReturnPart(240_00, 33_33, 333_33),
        ReturnPart(240_00, 33_34, 333_34),
        ReturnPart(240_00, 33_33, 333_33),
    ]


def test_the_smallest_part_may_be_worth_nothing_elsewhere() -> None:
    """One fen is a seventh of a cent; what it lacks comes with a later part."""
    assert give_back(PRICING, [1, 2, 71_997]) == [ReturnPart(1, 0, 1), ReturnPart(2, 0, 3), ReturnPart(719_97, 100_00, 999_96)]


def test_a_fee_that_the_creditor_bore_is_not_returned() -> None:
    """CNY 5.00 of 720.00 stayed with the paying bank, so 715.00 can come back, at the same ratio."""
    pricing = PRICING.model_copy(update={"creditor_fee": 5_00})
    assert give_back(pricing, [700_00, 15_00]) == [ReturnPart(700_00, 97_22, 972_22), ReturnPart(15_00, 2_09, 20_84)]
    everything = paid(pricing, life.returned("RET-1", 715_00, 99_31, 993_06))
    refuses(ReturnExceedsPayment, "amount", "0.01", lambda: part_of(everything, 1))


def test_more_than_was_paid_never_comes_back() -> None:
    """The refusal names what is left."""
    transfer = paid(PRICING, life.returned("RET-1", 700_00, 97_22, 972_22))
    refuses(ReturnExceedsPayment, "amount", "20.01", lambda: part_of(transfer, 20_01))
    recorded_nothing(transfer)
    assert part_of(transfer, 20_00) == ReturnPart(20_00, 2_78, 27_78)


def test_a_return_id_is_booked_once() -> None:
    """Known by UETR and return id (I6): the same again changes nothing, another amount is refused."""
    transfer = paid(PRICING, life.returned("RET-1", 180_00, 25_00, 250_00))
    assert part_of(transfer, 180_00, return_id="RET-1") is None
    refuses(ReturnAlreadyBooked, "return_id", "RET-1", lambda: part_of(transfer, 180_01, return_id="RET-1"))
    recorded_nothing(transfer)


def test_a_part_is_recorded_with_its_three_amounts() -> None:
    """The transfer is returned from the first part on and knows what is left."""
    transfer = paid(PRICING)
    transfer.return_part(by(PSBC), return_id="RET-1", reason="AC04", part=ReturnPart(180_00, 25_00, 250_00))
    recorded(transfer, life.returned("RET-1", 180_00, 25_00, 250_00))
    assert (transfer.state, transfer.returned) == ("returned", ReturnPart(180_00, 25_00, 250_00))


def test_at_todays_rate_a_part_is_worth_what_it_is_today() -> None:
    """CNY 70.00 at 7 are USD 10.00, and these at 11 are MAD 110.00."""
    assert part_of(paid(PRICING), 70_00, today=TODAY) == ReturnPart(70_00, 10_00, 110_00)


def test_at_todays_rate_the_cap_holds_in_each_currency() -> None:
    """CNY 720.00 are USD 102.86 today, but only 100.00 were moved; these are MAD 1,100.00, but only 1,000.00 were sent."""
    assert part_of(paid(PRICING), 720_00, today=TODAY) == ReturnPart(720_00, 100_00, 1_000_00)
    assert give_back(PRICING, [360_00, 360_00], today=TODAY) == [ReturnPart(360_00, 51_43, 565_73), ReturnPart(360_00, 48_57, 434_27)]


def test_a_weaker_rate_leaves_the_surplus_with_the_bank() -> None:
    """CNY 720.00 at 8 are USD 90.00, at 9 these are MAD 810.00: the rest stays on the banks' fx accounts."""
    assert part_of(paid(PRICING), 720_00, today=(Decimal("9"), Decimal("8"))) == ReturnPart(720_00, 90_00, 810_00)


def test_after_a_change_of_policy_a_part_never_takes_anything_back_again() -> None:
    """Half of it came back at today's rate and took more than half of the dollars; the next parts close what is left, from zero up."""
    half = life.returned("RET-1", 360_00, 51_43, 565_73)
    assert part_of(paid(PRICING, half), 1, today=None) == ReturnPart(1, 0, 0)
    assert part_of(paid(PRICING, half), 360_00, today=None) == ReturnPart(360_00, 48_57, 434_27)


@pytest.mark.parametrize("rounding", Rounding)
@given(
    amounts=st.lists(st.integers(1, 10**7), min_size=1, max_size=6),
    settlement=st.integers(1, 10**7),
    instructed=st.integers(1, 10**8),
)
def test_awkward_parts_close_exactly_and_never_exceed(rounding: Rounding, amounts: list[int], settlement: int, instructed: int) -> None:
    """Whatever the amounts, a part is the exact ratio of all so far, rounded once, less what came before; all together are the whole."""
    pricing = PRICING.model_copy(update={"payout": sum(amounts), "settlement": settlement, "instructed": instructed, "rounding": rounding})
    parts = give_back(pricing, amounts)
    assert [part.payout for part in parts] == amounts
    assert (sum(part.settlement for part in parts), sum(part.instructed for part in parts)) == (settlement, instructed)
    for count in range(1, len(parts) + 1):
        so_far = Fraction(sum(amounts[:count]), sum(amounts))
        assert abs(sum(part.settlement for part in parts[:count]) - so_far * settlement) < 1
        assert min(parts[count - 1]) >= 0


@given(
    amounts=st.lists(st.integers(1, 10**6), min_size=1, max_size=6),
    debtor_rate=st.decimals("0.01", "1000", places=4),
    creditor_rate=st.decimals("0.01", "1000", places=4),
)
def test_at_any_rate_of_any_day_no_currency_returns_more_than_it_had(
    amounts: list[int], debtor_rate: Decimal, creditor_rate: Decimal
) -> None:
    """I10: returned at most the amount, in each currency."""
    pricing = PRICING.model_copy(update={"payout": sum(amounts)})
    parts = give_back(pricing, amounts, today=(debtor_rate, creditor_rate))
    assert sum(part.payout for part in parts) == pricing.payout
    assert sum(part.settlement for part in parts) <= pricing.settlement
    assert sum(part.instructed for part in parts) <= pricing.instructed
    assert min(min(part) for part in parts) >= 0
