"""The tariff: what an instructed amount costs and becomes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.money import Rounding
from ledger.domain.pricing import ChargeBearer, Pricing, SheetRate, price
from ledger.domain.terms import Terms
from ledger.errors import AmountOverLimit, AmountUnderLimit, CurrencyNotAccepted
from tests.unit.corridor_fixtures import ABB, ABB_TO_PSBC, NOW, PRICING, PSBC, TERMS, terms
from tests.unit.refusals import refuses

TOMORROW, QUOTED_UNTIL = NOW + timedelta(days=1), NOW + timedelta(minutes=15)


def priced(
    instructed: int,
    *,
    currency: str = "MAD",
    agreed: Terms = TERMS,
    debtor_agent: str = ABB,
    charge_bearer: ChargeBearer = "DEBT",
    mad: str = "10",
    cny: str = "7.20",
) -> Pricing:
    """The price by both banks' first sheets."""
    sheets = {
        ABB: SheetRate(rate=Decimal(mad), sheet="ABB-1", valid_until=TOMORROW),
        PSBC: SheetRate(rate=Decimal(cny), sheet="PSBC-1", valid_until=TOMORROW),
    }
    creditor_agent = PSBC if debtor_agent == ABB else ABB
    return price(
        agreed,
        agreed.leg(debtor_agent, creditor_agent),
        instructed=instructed,
        currency=currency,
        charge_bearer=charge_bearer,
        debtor_rate=sheets[debtor_agent],
        creditor_rate=sheets[creditor_agent],
        quoted_until=QUOTED_UNTIL,
    )


def test_the_worked_example_comes_out_to_the_minor_unit() -> None:
    """MAD 1,000.00 with a fee of 30.00, of which 10.00 buy USD 1.00 for the paying bank; USD 100.00; CNY 720.00, and 7.20 for the USD."""
    assert priced(1_000_00) == PRICING


def test_the_other_direction_has_its_own_tariff() -> None:
    """CNY 720.00 with a flat fee of 15.00, of which 7.20 buy USD 1.00; USD 100.00; MAD 1,000.00, and 10.00 for the USD."""
    assert priced(720_00, currency="CNY", debtor_agent=PSBC) == Pricing(
        debtor_agent=PSBC,
        creditor_agent=ABB,
        debtor_currency="CNY",
        settlement_currency="USD",
        creditor_currency="MAD",
        instructed=720_00,
        fee=15_00,
        remuneration_cover=7_20,
        settlement=100_00,
        remuneration=1_00,
        payout=1_000_00,
        remuneration_value=10_00,
        creditor_fee=0,
        debtor_rate=Decimal("7.20"),
        creditor_rate=Decimal("10"),
        debtor_sheet="PSBC-1",
        creditor_sheet="ABB-1",
        rounding=Rounding.HALF_EVEN,
        valid_until=QUOTED_UNTIL,
    )


@pytest.mark.parametrize(("charge_bearer", "received"), [("DEBT", 720_00), ("SLEV", 720_00), ("SHAR", 715_00), ("CRED", 715_00)])
def test_shared_charges_lower_what_the_creditor_receives(charge_bearer: ChargeBearer, received: int) -> None:
    """The creditor agent's fee of CNY 5.00 leaves the payout unless the debtor bears all charges."""
    pricing = priced(1_000_00, charge_bearer=charge_bearer)
    assert (pricing.payout, pricing.payout - pricing.creditor_fee, pricing.paid_to_creditor) == (720_00, received, received)


@pytest.mark.parametrize(
    ("rounding", "settlement", "payout", "fee"), [(Rounding.HALF_EVEN, 107_43, 741_35, 30_01), (Rounding.DOWN, 107_42, 741_28, 30_01)]
)
def test_the_terms_name_the_rounding(rounding: Rounding, settlement: int, payout: int, fee: int) -> None:
    """MAD 1,001.13 at 9.3189 are USD 107.4300…, these at 6.9008 CNY 741.35…; each amount is rounded once, in its own currency."""
    agreed = terms(quoting=TERMS.quoting.model_copy(update={"rounding": rounding}))
    pricing = priced(1_001_13, agreed=agreed, mad="9.31895", cny="6.90077")
    assert (pricing.settlement, pricing.payout, pricing.fee) == (settlement, payout, fee)


def test_a_price_is_valid_until_the_first_of_quote_and_sheets() -> None:
    """A sheet that ends before the quote would ends the quote."""
    ends = NOW + timedelta(minutes=5)
    pricing = price(
        TERMS,
        ABB_TO_PSBC,
        instructed=1_000_00,
        currency="MAD",
        charge_bearer="DEBT",
        debtor_rate=SheetRate(rate=Decimal("10"), sheet="ABB-1", valid_until=ends),
        creditor_rate=SheetRate(rate=Decimal("7.20"), sheet="PSBC-1", valid_until=TOMORROW),
        quoted_until=QUOTED_UNTIL,
    )
    assert pricing == PRICING.model_copy(update={"valid_until": ends})


def test_the_limits_of_one_transfer_are_inclusive() -> None:
    """MAD 50.00 to 20,000.00 pass, one centime less or more does not."""
    assert [priced(amount).instructed for amount in (50_00, 20_000_00)] == [50_00, 20_000_00]
    refuses(AmountUnderLimit, "amount", "49.99", lambda: priced(49_99))
    refuses(AmountOverLimit, "amount", "20000.01", lambda: priced(20_000_01))


def test_an_amount_in_another_currency_is_refused() -> None:
    """The debtor agent takes in its own currency only."""
    refuses(CurrencyNotAccepted, "currency", "USD", lambda: priced(1_000_00, currency="USD"))


@pytest.mark.parametrize(
    ("mad", "cny", "charge_bearer"),
    [("1000000", "7.20", "DEBT"), ("10", "0.00001", "DEBT"), ("10", "0.05", "SHAR"), ("31", "7.20", "DEBT")],
    ids=["no settlement", "no payout", "the creditor's fee takes all", "the fee does not cover the remuneration"],
)
def test_what_leaves_nothing_to_pay_out_is_refused(mad: str, cny: str, charge_bearer: ChargeBearer) -> None:
    """No transfer is sent that nobody would receive, or that the fee cannot pay for."""
    refuses(AmountUnderLimit, "amount", "1000.00", lambda: priced(1_000_00, mad=mad, cny=cny, charge_bearer=charge_bearer))


@given(
    st.integers(50_00, 20_000_00),
    st.decimals("1", "15", places=4),
    st.decimals("1", "10", places=4),
    st.sampled_from(["DEBT", "SHAR", "CRED"]),
)
def test_every_price_is_whole_and_positive(instructed: int, mad: Decimal, cny: Decimal, charge_bearer: ChargeBearer) -> None:
    """Whatever the rates: the fee covers the remuneration, something is settled, something is received."""
    pricing = priced(instructed, mad=str(mad), cny=str(cny), charge_bearer=charge_bearer)
    assert pricing.fee >= pricing.remuneration_cover > 0
    assert min(pricing.settlement, pricing.paid_to_creditor) > 0
    assert pricing.payout == pricing.paid_to_creditor + pricing.creditor_fee
