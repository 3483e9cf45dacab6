"""Writes files of credit transfers as a debtor agent would send them: a day at the counters and the app, from a seed.

The same seed, count and facts give the same bytes on any machine. No clock is read; dates come in with the facts. Arrival follows a
working day with a morning and an afternoon peak, amounts are many small and few large, most of them round as people send them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar
from uuid import UUID

from ledger.domain.money import Rounding, convert
from ledger.iso20022.credit_transfer import (
    ChargeBearer,
    ConditionKind,
    CreditTransfer,
    GroupHeader,
    Product,
    ReleaseCondition,
)
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.iso20022.parties import Account, Address, Agent, Birth, Identification, Party
from ledger.sandbox import names

T = TypeVar("T")

SEED_MAX = 999_999_999  # stands in references of at most 35 characters
# How many of a day's transfers come in each hour from opens_at on; closed at night.
_ARRIVALS_BY_HOUR = (0, 0, 0, 0, 0, 0, 0, 2, 14, 31, 42, 38, 22, 15, 27, 35, 33, 24, 12, 5, 0, 0, 0, 0)
_FILE_WRITTEN_AFTER = timedelta(hours=20)
_AMOUNT_MIN, _AMOUNT_MAX = 20_000, 950_000
_CHARGE_BEARERS = ((ChargeBearer.DEBTOR, 7), (ChargeBearer.SHARED, 2), (ChargeBearer.CREDITOR, 1))
_PRODUCTS = (
    (Product.ACCOUNT_TO_ACCOUNT, 10),
    (Product.ACCOUNT_TO_CASH, 5),
    (Product.CASH_TO_ACCOUNT, 3),
    (Product.CASH_TO_CASH, 2),
)
_PURPOSES = (("DEPD", ()), ("STDY", ()), ("SALA", ()), ("GDDS", ()), ("GIFT", ()))
_CONDITION_OPEN_DAYS = 10
_RATE_DECIMALS = Decimal("1.0000000000")  # BaseOneRate has ten


@dataclass(frozen=True, slots=True)
class CorridorFacts:
    """What the file needs to know of its corridor and day.

    ``opens_at`` is midnight of the business day on the debtor agent's own clock, with its offset. ``purposes`` pair a code with the
    evidence the terms ask for. With ``settlement_currency`` and ``instructed_per_settlement`` (the price of one settlement unit in the
    instructed currency) each transfer states its own settlement amount and rate; without, it settles as instructed.
    """

    debtor_agent_bic: str
    creditor_agent_bic: str
    settlement_date: date
    opens_at: datetime
    instructed_currency: str = "MAD"
    settlement_currency: str | None = None
    instructed_per_settlement: Decimal | None = None
    purposes: tuple[tuple[str, tuple[str, ...]], ...] = _PURPOSES
    products: tuple[tuple[Product, int], ...] = _PRODUCTS
    with_release_condition: bool = True
    message_id: str | None = None


class Dice:
    """Chance that repeats itself: whole numbers only, from one seed."""

    def __init__(self, *seed: object) -> None:
        self._random = random.Random("/".join(map(str, seed)))  # noqa: S311  # invents people, guards nothing

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + self._random.randrange(high - low + 1)

    def pick(self, choices: Sequence[T]) -> T:
        """One of these, each as likely."""
        return choices[self._random.randrange(len(choices))]

    def weigh(self, choices: Sequence[tuple[T, int]]) -> T:
        """One of these, each as likely as its weight."""
        left = self._random.randrange(sum(weight for _, weight in choices))
        for choice, weight in choices:
            left -= weight
            if left < 0:
                return choice
        raise ValueError("no weight is above zero")

    def digits(self, length: int) -> str:
        """So many decimal digits."""
        return "".join(str(self._random.randrange(10)) for _ in range(length))

    def uetr(self) -> UUID:
        """A version 4 UUID."""
        return UUID(int=self._random.getrandbits(128), version=4)

    def draw(self, population: Sequence[T], count: int) -> list[T]:
        """So many different ones, in the order of the population. Raises ValueError when there are not enough."""
        if count > len(population):
            raise ValueError(f"{count} cannot be drawn from {len(population)}")
        left = list(range(len(population)))
        return [population[at] for at in sorted(left.pop(self._random.randrange(len(left))) for _ in range(count))]


def generate_pacs008(seed: int, count: int, facts: CorridorFacts) -> bytes:
    """A file of ``count`` good transfers (pacs.008.001.08). Raises ValueError when count is below 1."""
    return write_pacs008(group_of(seed, count, facts), generate_transfers(seed, count, facts))


def group_of(seed: int, count: int, facts: CorridorFacts) -> GroupHeader:
    """The file's group header."""
    return GroupHeader(
        message_id=facts.message_id or f"{facts.debtor_agent_bic[:4]}-{facts.settlement_date:%Y%m%d}-{seed}-{count}",
        created_at=facts.opens_at + _FILE_WRITTEN_AFTER,
        transfer_count=count,
        settlement_method="CLRG",
        settlement_date=facts.settlement_date,
        instructing_agent=Agent(bic=facts.debtor_agent_bic),
        instructed_agent=Agent(bic=facts.creditor_agent_bic),
    )


def generate_transfers(seed: int, count: int, facts: CorridorFacts) -> tuple[CreditTransfer, ...]:
    """The transfers of the file, in the order in which the debtor agent took them in.

    The seed, the day and the two banks fix them all. One carries a release condition, where the facts ask for it. Raises ValueError
    for a seed that would not fit into the references.
    """
    if not 0 <= seed <= SEED_MAX:
        raise ValueError(f"a seed is a whole number from 0 to {SEED_MAX}, not {seed}")
    dice = Dice(seed, facts.settlement_date.isoformat(), facts.debtor_agent_bic, facts.creditor_agent_bic)
    arrivals = sorted(_arrival(dice, facts) for _ in range(count))
    conditional = dice.between(1, count) if facts.with_release_condition and count > 0 else 0
    return tuple(
        _transfer(dice, facts, seed, index, accepted_at, waits=index == conditional) for index, accepted_at in enumerate(arrivals, start=1)
    )


def _transfer(dice: Dice, facts: CorridorFacts, seed: int, index: int, accepted_at: datetime, *, waits: bool) -> CreditTransfer:
    product = Product.ACCOUNT_TO_ACCOUNT if waits else dice.weigh(facts.products)
    goods = [purpose for purpose in facts.purposes if purpose[0] == "GDDS"]
    purpose, evidence = goods[0] if waits and goods else dice.pick(facts.purposes)
    instructed = amount(dice)
    settlement, settlement_currency, rate = _settlement(instructed, facts)
    reference = f"{facts.settlement_date:%Y%m%d}-{seed}-{index:05}"
    return CreditTransfer(
        index=index,
        uetr=dice.uetr(),
        end_to_end_id=f"E-{reference}",
        instruction_id=f"I-{reference}",
        transaction_id=f"T-{reference}",
        instructed_minor=instructed,
        instructed_currency=facts.instructed_currency,
        settlement_minor=settlement,
        settlement_currency=settlement_currency,
        exchange_rate=rate,
        settlement_date=facts.settlement_date,
        accepted_at=accepted_at,
        charge_bearer=dice.weigh(_CHARGE_BEARERS),
        debtor=moroccan(dice),
        debtor_account=None if product.takes_cash else Account(iban=moroccan_iban(dice)),
        debtor_agent=Agent(bic=facts.debtor_agent_bic),
        creditor_agent=Agent(bic=facts.creditor_agent_bic),
        creditor=chinese(dice),
        creditor_account=None if product.pays_cash else Account(other=f"6210{dice.digits(15)}"),
        instructing_agent=Agent(bic=facts.debtor_agent_bic),
        instructed_agent=Agent(bic=facts.creditor_agent_bic),
        purpose=purpose,
        evidence=evidence,
        product=product,
        release_condition=_parcel(dice, facts) if waits else None,
        remittance=(f"{names.REMITTANCE.get(purpose, 'Transfert')} {dice.between(100, 999)}",),
    )


def amount(dice: Dice) -> int:
    """An amount between 200.00 and 9,500.00 in minor units: three dice count the steps of a growth by a fifth, so small ones are many."""
    steps = sum(dice.between(0, 7) for _ in range(3))
    grown = int(_AMOUNT_MIN * Fraction(6, 5) ** steps) * dice.between(92, 108) // 100
    unit = dice.weigh(((5_000, 5), (1_000, 3), (1, 2)))
    return min(max(grown // unit * unit, _AMOUNT_MIN), _AMOUNT_MAX)


def moroccan(dice: Dice) -> Party:
    """A person living in Morocco, with an identity number of a series that is not issued (ZZ)."""
    given, family = dice.pick(names.MOROCCAN_GIVEN), dice.pick(names.MOROCCAN_FAMILY)
    return Party(
        name=f"{given.latin} {family.latin}",
        native_name=f"{given.native} {family.native}",
        address=_address(dice, dice.pick(names.MOROCCAN_TOWNS), "MA"),
        birth=Birth(on=_birthday(dice), town=dice.pick(names.MOROCCAN_TOWNS).name, country="MA"),
        identifications=(Identification(number=f"ZZ{dice.digits(6)}", scheme="NIDN", issuer="MA"),),
        country_of_residence="MA",
    )


def chinese(dice: Dice) -> Party:
    """A person living in China, with an identity number of a region that does not exist (99)."""
    family, given = dice.pick(names.CHINESE_FAMILY), dice.pick(names.CHINESE_GIVEN)
    return Party(
        name=f"{family.latin} {given.latin}",
        native_name=f"{family.native}{given.native}",
        address=_address(dice, dice.pick(names.CHINESE_TOWNS), "CN"),
        birth=Birth(on=_birthday(dice), town=dice.pick(names.CHINESE_TOWNS).name, country="CN"),
        identifications=(Identification(number=f"99{dice.digits(16)}", scheme="NIDN", issuer="CN"),),
        country_of_residence="CN",
    )


def moroccan_iban(dice: Dice) -> str:
    """An IBAN of Morocco with right check digits: 24 digits of account behind the country and two check digits (ISO 13616)."""
    account = f"350{dice.digits(19)}"
    account += f"{97 - int(account + '00') % 97:02}"
    return f"MA{98 - int(account + '221000') % 97:02}{account}"  # M is 22, A is 10


def parcel_number(dice: Dice, country: str) -> str:
    """A UPU S10 item number of a registered parcel, with its check digit (UPU standard S10)."""
    serial = dice.digits(8)
    remainder = 11 - sum(int(digit) * weight for digit, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"CP{serial}{ {10: 0, 11: 5}.get(remainder, remainder) }{country}"


def _arrival(dice: Dice, facts: CorridorFacts) -> datetime:
    hour = dice.weigh(tuple(enumerate(_ARRIVALS_BY_HOUR)))
    return facts.opens_at + timedelta(hours=hour, seconds=dice.between(0, 3599))


def _settlement(instructed: int, facts: CorridorFacts) -> tuple[int, str, Decimal | None]:
    """Settlement amount, its currency, and the factor that makes it of the instructed amount."""
    if facts.settlement_currency is None or facts.instructed_per_settlement is None:
        return instructed, facts.instructed_currency, None
    price = facts.instructed_per_settlement
    settlement = convert(
        instructed, facts.instructed_currency, facts.settlement_currency, source_per_target=price, rounding=Rounding.HALF_EVEN
    )
    return settlement, facts.settlement_currency, (1 / price).quantize(_RATE_DECIMALS)


def _parcel(dice: Dice, facts: CorridorFacts) -> ReleaseCondition:
    """The debtor bought goods: its own post brings the parcel, and its word releases the money."""
    return ReleaseCondition(
        kind=ConditionKind.PARCEL_DELIVERED,
        reference=parcel_number(dice, "CN"),
        confirmed_by=facts.debtor_agent_bic,
        deadline=facts.opens_at + timedelta(days=_CONDITION_OPEN_DAYS, hours=18),
    )


def _address(dice: Dice, town: names.Town, country: str) -> Address:
    return Address(
        street=dice.pick(town.streets),
        building_number=str(dice.between(1, 240)),
        post_code=town.post_code,
        town=town.name,
        country=country,
    )


def _birthday(dice: Dice) -> date:
    return date(1950, 1, 1) + timedelta(days=dice.between(0, 54 * 365))
