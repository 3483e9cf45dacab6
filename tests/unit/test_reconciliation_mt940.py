"""MT940 as banks still send it: read like any other statement, refused with field and line, and never a crash."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridors import shipped_terms
from ledger.iso20022 import errors
from ledger.iso20022.fields import Limits
from ledger.iso20022.parties import Account
from ledger.iso20022.statement import Balance, BankTransactionCode, Direction, Entry, EntryDetail, Statement
from reconciliation.errors import StatementMt940Invalid, StatementPagesMissing
from reconciliation.mt940_statement import FIELD_CHARACTERS_MAX, looks_like_mt940, read_mt940
from reconciliation.reported import read_statements

UETR = "00000001-1111-4222-8333-444444444444"
BARE = """:20:STMT-0327
:25:36001230
:28C:86/1
:60F:C260326USD1000,00
:61:2603270327C750,08FTRFCYCLE-1//SB-1001
:86:/EREF/E2E-4711/UETR/00000001-1111-4222-
8333-444444444444
:61:260327RC50,1NMSCNONREF//SB-1002
further of the bank's own
:61:2512311231D0,NCHG
:86:EREF+KREF 7SVWZ+account charges
:62F:C260327USD1699,98
:64:C260327USD1600,00
:86:of the whole statement
"""


def of_bare(**changes: object) -> str:
    text = BARE
    for old, new in changes.items():
        text = text.replace(old, str(new))
    return text


def test_a_bare_message_is_read_whole() -> None:
    """Balances, marks, amounts with a comma, dates without a year, references, and what stands in field 86."""
    assert read_mt940(BARE.encode()) == [
        Statement(
            id="86-2026-03-27",
            account=Account(other="36001230"),
            currency="USD",
            opening=Balance("PRCD", 100_000, "USD", date(2026, 3, 26)),
            closing=Balance("CLBD", 169_998, "USD", date(2026, 3, 27)),
            balances=(Balance("CLAV", 160_000, "USD", date(2026, 3, 27)),),
            sequence=86,
            message_id="STMT-0327",
            version="mt940",
            entries=(
                Entry(
                    minor=75_008,
                    currency="USD",
                    direction=Direction.CREDIT,
                    booking_date=date(2026, 3, 27),
                    value_date=date(2026, 3, 27),
                    servicer_reference="SB-1001",
                    code=BankTransactionCode(proprietary="FTRF", proprietary_issuer="SWIFT"),
                    details=(EntryDetail(uetr=UUID(UETR), end_to_end_id="E2E-4711", instruction_id="CYCLE-1"),),
                    additional_info=f"/EREF/E2E-4711/UETR/{UETR[:19]}\n{UETR[19:]}",
                ),
                Entry(
                    minor=5_010,
                    currency="USD",
                    direction=Direction.DEBIT,
                    booking_date=date(2026, 3, 27),
                    value_date=date(2026, 3, 27),
                    servicer_reference="SB-1002",
                    reversal=True,
                    code=BankTransactionCode(proprietary="NMSC", proprietary_issuer="SWIFT"),
                    details=(EntryDetail(instruction_id="NONREF"),),
                ),
                Entry(
                    minor=0,
                    currency="USD",
                    direction=Direction.DEBIT,
                    booking_date=date(2025, 12, 31),
                    value_date=date(2025, 12, 31),
                    code=BankTransactionCode(proprietary="NCHG", proprietary_issuer="SWIFT"),
                    details=(EntryDetail(end_to_end_id="KREF 7"),),
                    additional_info="EREF+KREF 7SVWZ+account charges",
                ),
            ),
        )
    ]


@pytest.mark.parametrize(
    "data",
    [
        BARE.encode(),
        b"\xef\xbb\xbf\r\n" + BARE.replace("\n", "\r\n").encode(),
        ("{1:F01SETLUS33AXXX0000000000}{2:I940ABBMMAMCXXXXN}{4:\n" + BARE + "-}{5:{CHK:123456789ABC}}\n").encode(),
        ("{1:F01SETLUS33AXXX0000000000}{2:I940ABBMMAMCXXXXN}{4:" + BARE + "-\n").encode(),
        BARE.replace("account charges", "frais de compte à part").encode("latin-1"),
    ],
    ids=["bare", "with a mark and CRLF", "in an envelope", "envelope on the first line", "Latin-1"],
)
def test_every_way_of_wrapping_it_says_the_same(data: bytes) -> None:
    """Bare, in the envelope of the network, with either kind of line end, in either character set."""
    assert looks_like_mt940(data)
    [found], [plain] = read_mt940(data), read_mt940(BARE.encode())
    assert [(e.signed_minor, e.servicer_reference) for e in found.entries] == [
        (e.signed_minor, e.servicer_reference) for e in plain.entries
    ]
    assert (found.opening, found.closing, found.id) == (plain.opening, plain.closing, plain.id)


def test_entry_dates_cross_the_turn_of_a_year_both_ways() -> None:
    """The year that brings the entry date nearest to the value date; the 29th of February only where it is one."""
    for line, booked in (
        ("2601020101", date(2026, 1, 1)),
        ("2601021231", date(2025, 12, 31)),
        ("2512310102", date(2026, 1, 2)),
        ("2402290229", date(2024, 2, 29)),
    ):
        [found] = read_mt940(of_bare(**{"2512311231": line}).encode())
        assert found.entries[2].booking_date == booked


def test_a_file_of_pages_and_days_becomes_the_statements_that_are_reconciled() -> None:
    """Two pages are one statement; the day after is another; lines are known by their references."""
    pages = (
        b":20:A\n:25:36001230\n:28C:86/1\n:60F:C260326USD0,\n:61:2603270327C750,08FTRFCYCLE-1//SB-1001\n:62M:C260327USD750,08\n-\n"
        b":20:B\n:25:36001230\n:28C:86/2\n:60M:C260327USD750,08\n:61:2603270327D83,15FTRFNONREF//SB-1002\n:62F:C260327USD666,93\n-\n"
        b":20:C\n:25:36001230\n:28C:87/1\n:60F:C260327USD666,93\n:62F:C260330USD666,93\n-\n"
    )
    first, second = read_statements(pages, shipped_terms("abb-psbc"))
    assert [(one.statement.id, one.statement.account, one.statement.opening, one.statement.closing) for one in (first, second)] == [
        ("86-2026-03-27", "corridor:settlement_bank:USD", 0, 66_693),
        ("87-2026-03-30", "corridor:settlement_bank:USD", 66_693, 66_693),
    ]
    assert [(line.amount, line.references) for line in first.lines] == [(75_008, ("CYCLE-1", "SB-1001")), (-8_315, ("SB-1002",))]
    assert (second.statement.first_day, second.statement.last_day) == (date(2026, 3, 28), date(2026, 3, 30))
    with pytest.raises(StatementPagesMissing):
        read_statements(pages[: pages.index(b":20:B")], shipped_terms("abb-psbc"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (":61:2603270327C", ":61:260327X0327", "Line 5, :61: is no statement line"),
        ("C750,08F", "C750.08F", "Line 5, :61: is no statement line"),
        ("C750,08F", "C750,081F", "Line 5, :61: has an amount with a comma and at most the decimals of USD."),
        ("2603270327C", "2613270327C", "Line 5, :61: has a date that is none."),
        ("2603270327C", "2603270230C", "Line 5, :61: has an entry date that is none."),
        ("327C750", "327CR750", "Line 5, :61: is in another currency than USD."),
        ("C260326USD", "C260326XXD", "Line 4, :60F: is in a currency of ISO 4217."),
        (":60F:C2", ":60F:X2", "Line 4, :60F: is C or D, a date YYMMDD"),
        (":60F:C260326USD1000,00\n", "", "Line 1, :20: begins a statement that lacks :60F: in its place."),
        (":62F:C260327USD1699,98\n", "", "Line 1, :20: begins a statement that lacks :62F: in its place."),
        (":28C:86/1\n", "", "Line 1, :20: begins a statement that lacks :28C: in its place."),
        (":25:36001230\n", ":25:36001230\n:25:1\n", "Line 3, :25: stands twice in the statement that begins on line 1."),
        (":28C:86/1", ":28C:x", "Line 3, :28C: is a number of at most five digits"),
        (":25:36001230", ":25:", "Line 2, :25: is an account of at most 35 characters."),
        (":64:", ":77:", "Line 13, :77: is no field of MT940."),
        ("further of", "a\x07b", "Line 8, :61: has control characters."),
        ("further of", "x" * (FIELD_CHARACTERS_MAX + 1), f"Line 8, :61: has more than {FIELD_CHARACTERS_MAX} characters."),
        (":60F:C2", ":60Z:C2", "Line 4, :60Z: says F for a first or last balance"),
    ],
)
def test_what_is_wrong_is_told_with_field_and_line(old: str, new: str, says: str) -> None:
    """Never with a reference, a name or an account."""
    with pytest.raises(StatementMt940Invalid) as refused:
        read_mt940(BARE.replace(old, new, 1).encode())
    assert str(refused.value).startswith(says)
    assert refused.value.line > 0


def test_a_statement_that_contradicts_itself_is_refused_as_any_other() -> None:
    """Sums, currencies and repeated bookings are judged by the same rules as in camt.053; a file has its size."""
    for old, new, kind in (
        ("USD1699,98", "USD1699,99", errors.StatementDoesNotAddUp),
        (":62F:C260327USD", ":62F:C260327EUR", errors.StatementCurrencyMixed),
        ("RC50,1NMSCNONREF//SB-1002", "C750,08FTRFNONREF//SB-1001", errors.EntryRepeated),
    ):
        with pytest.raises(kind):
            read_mt940(BARE.replace(old, new, 1).encode())
    with pytest.raises(errors.TooLarge):
        read_mt940(BARE.encode(), Limits(file_bytes_max=100))


def test_no_other_file_is_taken_for_it() -> None:
    """XML and CSV are for their own readers."""
    assert [looks_like_mt940(data) for data in (b"<Document/>", b"row,statement\n", b"", b":25:1\n:20:X", b"{1:x")] == [False] * 5


@given(
    st.lists(
        st.tuples(st.integers(0, len(BARE) - 1), st.sampled_from([*":,/-\n{}CDRF0129 x\x00é", "\n:61:", "\n:62F:", "//", ""])), max_size=8
    )
)
def test_a_bent_message_is_read_or_refused_by_name(bends: list[tuple[int, str]]) -> None:
    """Characters replaced, inserted and taken out anywhere: a statement that adds up, or an error with a way out."""
    text = BARE
    for at, put in bends:
        text = text[:at] + put + text[at + 1 :]
    try:
        for found in read_mt940(text.encode()):
            assert found.opening.minor + found.net_booked_minor == found.closing.minor
    except errors.UnreadableMessage as refused:
        assert refused.field


@given(st.binary(max_size=300) | st.text(alphabet=":2086C,/-{}\n ", max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_by_name(data: bytes) -> None:
    """Behind a first field 20, and without one."""
    for sent in (data, b":20:X\n" + data):
        try:
            read_mt940(sent)
        except errors.UnreadableMessage as refused:
            assert refused.code
