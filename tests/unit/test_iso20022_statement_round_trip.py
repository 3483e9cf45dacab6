"""Whatever a statement or a notification can hold of what is carried comes back from the message as it went in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ledger.iso20022.camt053 import read_camt053, write_camt053
from ledger.iso20022.camt053_writer import WRITTEN as STATEMENT_VERSIONS
from ledger.iso20022.camt054 import WRITTEN as NOTIFICATION_VERSIONS
from ledger.iso20022.camt054 import read_camt054, write_camt054
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import (
    BOOKED,
    Balance,
    BankTransactionCode,
    Charge,
    Direction,
    Entry,
    EntryDetail,
    Exchange,
    Notification,
    Statement,
)

CURRENCIES = ("USD", "JPY", "TND")
TEXTS = st.text(st.sampled_from("abcXYZ019-/?:().,'+ <&\"é税"), min_size=1, max_size=35).map(str.strip).filter(bool)
CODES = st.text(st.sampled_from("ABCDEFGHIJ0123"), min_size=4, max_size=4)
MINORS = st.integers(0, 10**12)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
INSTANTS = st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
SIDES = st.sampled_from(Direction)
RATES = st.decimals(Decimal("0.0001"), 1_000, places=4)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


@st.composite
def charges(draw: st.DrawFn) -> Charge:
    """A charge; without a kind, it is no matter whether that were a code."""
    kind = draw(maybe(CODES))
    return Charge(
        draw(MINORS), draw(st.sampled_from(CURRENCIES)), draw(maybe(SIDES)), draw(maybe(st.booleans())), kind,
        kind is None or draw(st.booleans()), draw(maybe(st.sampled_from(("DEBT", "CRED", "SHAR")))),
    )  # fmt: skip


@st.composite
def details(draw: st.DrawFn) -> EntryDetail:
    """A transaction; an exchange stands with an amount, and an amount with its currency."""
    minor, instructed = draw(maybe(MINORS)), draw(maybe(MINORS))
    exchange = None
    if minor is not None or instructed is not None:
        exchange = draw(maybe(st.builds(Exchange, st.just("USD"), RATES, maybe(st.just("CNY")), maybe(st.just("USD")), maybe(TEXTS))))
    return EntryDetail(
        uetr=draw(maybe(st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number, version=4)))),
        end_to_end_id=draw(maybe(TEXTS)),
        instruction_id=draw(maybe(TEXTS)),
        transaction_id=draw(maybe(TEXTS)),
        servicer_reference=draw(maybe(TEXTS)),
        message_id=draw(maybe(TEXTS)),
        minor=minor,
        currency=None if minor is None else draw(st.sampled_from(CURRENCIES)),
        direction=draw(maybe(SIDES)),
        return_reason=draw(maybe(CODES)),
        additional_info=draw(maybe(TEXTS)),
        instructed_minor=instructed,
        instructed_currency=None if instructed is None else draw(st.sampled_from(CURRENCIES)),
        exchange=exchange,
        charges=tuple(draw(st.lists(charges(), max_size=2))),
        creditor_references=tuple(draw(st.lists(TEXTS, max_size=2))),
        remittance=tuple(draw(st.lists(TEXTS, max_size=2))),
    )


@st.composite
def entry_lists(draw: st.DrawFn, currency: str) -> tuple[Entry, ...]:
    """Entries in one currency, each with a reference of its own, so that none is another one repeated."""
    code = st.builds(BankTransactionCode, proprietary=maybe(CODES)) | st.builds(BankTransactionCode, CODES, CODES, CODES)
    found = []
    for number in range(draw(st.integers(0, 3))):
        entry = Entry(
            draw(MINORS), currency, draw(SIDES), draw(st.sampled_from((BOOKED, "PDNG", "INFO"))), draw(maybe(DAYS)), draw(maybe(DAYS)),
            draw(maybe(TEXTS)), f"B-{number}", draw(st.booleans()), draw(code), tuple(draw(st.lists(details(), max_size=3))),
            draw(maybe(TEXTS)), tuple(draw(st.lists(charges(), max_size=2))), draw(maybe(st.integers(0, 10**9))),
        )  # fmt: skip
        found.append(entry)
    return tuple(found)


ACCOUNTS = st.builds(Account, other=TEXTS.filter(lambda text: len(text) <= 34), currency=st.just("USD"), name=maybe(TEXTS))


@given(st.data())
def test_a_notification_comes_back_as_it_went_in(data: st.DataObject) -> None:
    """In every version that is written."""
    draw = data.draw
    page, period = draw(maybe(st.integers(1, 99_999))), draw(maybe(INSTANTS))
    notification = Notification(
        id=draw(TEXTS), account=draw(ACCOUNTS), entries=draw(entry_lists("USD")), created_at=draw(INSTANTS), from_at=period,
        to_at=None if period is None else period + timedelta(days=1), sequence=draw(maybe(st.integers(0, 10**15 - 1))),
        legal_sequence=draw(maybe(st.integers(0, 10**15 - 1))), page=page, last_page=page is None or draw(st.booleans()),
        additional_info=draw(maybe(TEXTS)), message_id=draw(TEXTS),
    )  # fmt: skip
    for version in NOTIFICATION_VERSIONS:
        assert read_camt054(write_camt054(notification, version=version)) == [replace(notification, version=version)]


@given(st.data())
def test_a_statement_that_adds_up_comes_back_as_it_went_in(data: st.DataObject) -> None:
    """With further balances of any kind, in every version that is written."""
    draw = data.draw
    currency, day, minor = draw(st.sampled_from(CURRENCIES)), draw(DAYS), draw(st.integers(-(10**12), 10**12))
    entries = draw(entry_lists(currency))
    moved = sum(entry.signed_minor for entry in entries if entry.status == BOOKED)
    further = st.builds(Balance, st.sampled_from(("CLAV", "FWAV", "INFO", "OWN WORD")), MINORS, st.just(currency), DAYS)
    statement = Statement(
        id=draw(TEXTS), account=replace(draw(ACCOUNTS), currency=currency), currency=currency,
        opening=Balance(draw(st.sampled_from(("OPBD", "PRCD"))), minor, currency, day),
        closing=Balance("CLBD", minor + moved, currency, day), entries=entries, created_at=draw(INSTANTS),
        balances=tuple(draw(st.lists(further, max_size=2))), additional_info=draw(maybe(TEXTS)), message_id=draw(TEXTS),
    )  # fmt: skip
    for version in STATEMENT_VERSIONS:
        assert read_camt053(write_camt053(statement, version=version)) == [replace(statement, version=version)]
