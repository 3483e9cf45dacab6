"""One small corridor that all domain tests share: its terms, its people, its prices, and commands in short form.

The prices are those of the worked example in the posting table: MAD 10 a dollar, CNY 7.20 a dollar, MAD 1,000.00 sent with a fee of
MAD 30.00 (20.00 and one per cent), USD 1.00 for the paying bank.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from ledger import commands as c
from ledger.domain.aggregate import Decision
from ledger.domain.calendar import Calendar
from ledger.domain.money import Rounding
from ledger.domain.pricing import Pricing
from ledger.domain.terms import Leg, Participant, Purpose, Quoting, RequiredFields, Settlement, Terms
from ledger.domain.transfer_events import Condition, Screened

CORRIDOR = "abb-psbc"
# A Friday: ten in the morning in Casablanca, five in the afternoon (past the cut-off) in Shanghai, five in the morning in New York.
NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
FRIDAY, MONDAY = date(2026, 3, 27), date(2026, 3, 30)

ABB, PSBC = "abb", "psbc"
AMINA, BAO = "officer:amina", "officer:bao"
OPERATOR, DEADLINES, RESOLVER, NIGHT_JOB = "operator:karim", "system:deadlines", "system:resolver", "system:night"
SETTLEMENT_BANK = "bank:settlement"

CLEAR = Screened(list_name="invented", list_version="2026-1", outcome="clear", commitment="c0" * 32)
HIT = Screened(list_name="invented", list_version="2026-1", outcome="hit", commitment="c1" * 32)
COMMITMENTS = {"debtor.name": "d0" * 32, "creditor.name": "d1" * 32}
DEBTOR, CREDITOR = UUID(int=0xD), UUID(int=0xC)

# Public keys of RFC 8032 §7.1, and the base point of P-256: anybody can check that they are keys.
ED25519_KEYS = (
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
)
P256_KEY = (
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)

CommandT = TypeVar("CommandT", bound=c.Command)


def uetr(number: int = 1) -> UUID:
    """The UETR of the numbered transfer (a UUIDv4 by its looks)."""
    return UUID(f"00000000-0000-4000-8000-{number:012d}")


def quote_id(number: int = 1) -> UUID:
    """The id of the numbered quote."""
    return UUID(f"00000000-0000-4000-9000-{number:012d}")


def by(actor: str, *, at: datetime = NOW, cause: str = "") -> Decision:
    """A decision of ``actor`` under the first terms."""
    return Decision(at, actor, UUID(int=0xA), cause, 1)


# Terms


def _calendar(zone: str, weekend: tuple[int, ...], *holidays: date) -> Calendar:
    return Calendar(
        zone=zone, weekend=weekend, holidays=holidays, valid_through=date(2027, 12, 31), cut_off=time(16), source="invented for tests"
    )


CASABLANCA = _calendar("Africa/Casablanca", (6, 7), date(2026, 5, 1))
SHANGHAI = _calendar("Asia/Shanghai", (6, 7), date(2026, 4, 6))
NEW_YORK = _calendar("America/New_York", (6, 7), date(2026, 5, 25))

ABB_TO_PSBC = Leg(
    debtor_agent=ABB,
    creditor_agent=PSBC,
    fee_flat="20.00",
    fee_basis_points=100,
    remuneration="1.00",
    creditor_fee="5.00",
    fee_given_back_when=("refused", "condition_lapsed"),
    min="50.00",
    max="20000.00",
    products=("account_to_account", "account_to_cash", "cash_to_account", "merchant_qr"),
    cash_days_to_collect=30,
    purposes=(
        Purpose(code="GDDS"),
        Purpose(code="FAMI", evidence=("identity", "kinship"), max="10000.00", source="invented for tests"),
    ),
    required_fields=(
        RequiredFields(from_amount="0.00", debtor=("name",), creditor=("name",)),
        RequiredFields(from_amount="1000.00", debtor=("town", "birth_date"), creditor=("town",), source="FATF Recommendation 16"),
    ),
    screening_list="invented",
)
PSBC_TO_ABB = ABB_TO_PSBC.model_copy(
    update={
        "debtor_agent": PSBC,
        "creditor_agent": ABB,
        "fee_flat": "15.00",
        "fee_basis_points": 0,
        "creditor_fee": "8.00",
        "products": ("account_to_account",),
        "purposes": (Purpose(code="GDDS"),),
    }
)


def terms(version: int = 1, *, abb_cap: str = "500.00", abb_retained: str = "0.00", **changes: Any) -> Terms:
    """The corridor's terms; ``changes`` replaces whole fields of the document."""
    document = {
        "code": CORRIDOR,
        "version": version,
        "effective_from": date(2026, 1, 1),
        "name": "Al-Barid Bank and Postal Savings Bank of China",
        "retention_years": 10,
        "unanswered_minutes": 60,
        "return_rate": "original",
        "settlement": Settlement(
            currency="USD", holder="Al-Barid Bank", bank_bic="SETTUS33XXX", statement_account="9000-0001", calendar=NEW_YORK
        ),
        "participants": {
            ABB: Participant(
                name="Al-Barid Bank", country="MA", currency="MAD", bic="ABBMMAMCXXX", statement_account="1000-0001", cap=abb_cap,
                retained=abb_retained, calendar=CASABLANCA,
            ),
            PSBC: Participant(
                name="Postal Savings Bank of China", country="CN", currency="CNY", bic="PSBCCNBJXXX", statement_account="2000-0001",
                cap="300.00", retained="0.00", calendar=SHANGHAI,
            ),
        },
        "legs": (ABB_TO_PSBC, PSBC_TO_ABB),
        "quoting": Quoting(rounding=Rounding.HALF_EVEN, quote_seconds=900, sheet_hours=24, tolerance_basis_points=50),
    }  # fmt: skip
    return Terms.model_validate(document | changes)


TERMS = terms()

# What MAD 1,000.00 comes to when a transfer names no quote: its rates hold for a quote's life.
PRICING = Pricing(
    debtor_agent=ABB,
    creditor_agent=PSBC,
    debtor_currency="MAD",
    settlement_currency="USD",
    creditor_currency="CNY",
    instructed=1_000_00,
    fee=30_00,
    remuneration_cover=10_00,
    settlement=100_00,
    remuneration=1_00,
    payout=720_00,
    remuneration_value=7_20,
    creditor_fee=0,
    debtor_rate=Decimal("10"),
    creditor_rate=Decimal("7.20"),
    debtor_sheet="ABB-1",
    creditor_sheet="PSBC-1",
    rounding=Rounding.HALF_EVEN,
    valid_until=NOW + timedelta(minutes=15),
)
CONDITION = Condition(kind="parcel_delivered", reference="EE123456789CN", confirmed_by=PSBC, deadline=NOW + timedelta(days=10))


# Commands


IDENTIFYING = ("uetr", "quote", "reference", "case", "break_id", "cycle", "participant", "sheet", "key_id", "account", "message_id")


def ask(command: type[CommandT], actor: str, *, key: str = "", **facts: Any) -> CommandT:
    """A command; its idempotency key says what it is about unless ``key`` says otherwise."""
    about = [str(facts[name]) for name in IDENTIFYING if name in facts]
    return command(corridor=CORRIDOR, actor=actor, idempotency_key=key or "/".join([command.__name__, actor, *about]), **facts)


def register_key(actor: str = OPERATOR, **changes: Any) -> c.RegisterKey:
    """A proposal of abb's first key, for a year and for everything."""
    said: dict[str, Any] = {
        "key_id": "abb-1",
        "principal": ABB,
        "public_key": ED25519_KEYS[0],
        "valid_from": NOW,
        "valid_until": NOW + timedelta(days=365),
        "permissions": ("initiate", "pay", "rates", "treasury", "read", "statements"),
    } | changes
    return ask(c.RegisterKey, actor, key=changes.get("key", ""), **{name: value for name, value in said.items() if name != "key"})


def approve_key(actor: str = AMINA, **changes: Any) -> c.ApproveKey:
    """A second person's word on that proposal."""
    return ask(c.ApproveKey, actor, **({"key_id": "abb-1", "public_key": ED25519_KEYS[0]} | changes))


def initiate(number: int = 1, **changes: Any) -> c.InitiateTransfer:
    """MAD 1,000.00 from an account to an account."""
    said: dict[str, Any] = {
        "actor": ABB,
        "uetr": uetr(number),
        "creditor_agent": PSBC,
        "product": "account_to_account",
        "purpose": "GDDS",
        "amount": 1_000_00,
        "currency": "MAD",
        "debtor": DEBTOR,
        "creditor": CREDITOR,
        "commitments": COMMITMENTS,
        "screened": CLEAR,
    }
    return ask(c.InitiateTransfer, **(said | changes))


def publish(actor: str, rate: str, *, sheet: str = "", at: datetime = NOW, hours: int = 24) -> c.PublishRateSheet:
    """A bank's price of one dollar from ``at`` on."""
    return ask(
        c.PublishRateSheet,
        actor,
        sheet=sheet or f"{actor.upper()}-1",
        rates={"USD": Decimal(rate)},
        valid_from=at,
        valid_until=at + timedelta(hours=hours),
        source="invented for tests",
    )


OPEN = ask(c.OpenCorridor, OPERATOR, agreement=TERMS)
RATES = (publish(ABB, "10"), publish(PSBC, "7.20"))


def opinion(officer: str, case: str, said: str = "clear", **changes: Any) -> c.GiveOpinion:
    """An officer's opinion on a case."""
    return ask(c.GiveOpinion, officer, case=case, opinion=said, reasons="ee" * 32, **changes)
