"""The corridor's terms: data that must agree with itself before anything is built on it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.domain.terms import Leg, Terms, read_terms
from ledger.errors import LedgerError, ProductUnknown, PurposeUnknown, TermsInvalid, UnknownParticipant
from tests.unit.corridor_fixtures import ABB, ABB_TO_PSBC, CASABLANCA, NEW_YORK, PSBC, SHANGHAI, TERMS, terms
from tests.unit.refusals import refuses

FILE = """
code = "abb-psbc"
version = 1
effective_from = 2026-01-01
name = "Two banks"
retention_years = 10
unanswered_minutes = 60
return_rate = "original"

[settlement]
currency = "USD"
holder = "Al-Barid Bank"
bank_bic = "SETTUS33XXX"
statement_account = "9000-0001"
calendar = { zone = "America/New_York", weekend = [6, 7], holidays = [2026-05-25], valid_through = 2027-12-31, cut_off = 16:00:00, source = "s" }

[participants.abb]
name = "Al-Barid Bank"
country = "MA"
currency = "MAD"
bic = "ABBMMAMCXXX"
statement_account = "1000-0001"
cap = "500.00"
retained = "0.00"
calendar = { zone = "Africa/Casablanca", weekend = [6, 7], holidays = [], valid_through = 2027-12-31, cut_off = 16:00:00, source = "s" }

[participants.psbc]
name = "Postal Savings Bank of China"
country = "CN"
currency = "CNY"
bic = "PSBCCNBJXXX"
statement_account = "2000-0001"
cap = "300.00"
retained = "0.00"
calendar = { zone = "Asia/Shanghai", weekend = [6, 7], holidays = [], valid_through = 2027-12-31, cut_off = 16:00:00, source = "s" }

[[legs]]
debtor_agent = "abb"
creditor_agent = "psbc"
fee_flat = "20.00"
fee_basis_points = 100
remuneration = "1.00"
creditor_fee = "5.00"
fee_given_back_when = ["refused"]
min = "50.00"
max = "20000.00"
products = ["account_to_account"]
cash_days_to_collect = 30
screening_list = "invented"
purposes = [{ code = "FAMI", evidence = ["kinship"], max = "10000.00", source = "s" }]
required_fields = [{ from_amount = "0.00", debtor = ["name"], creditor = ["name"] }]

[quoting]
rounding = "half_even"
quote_seconds = 900
sheet_hours = 24
tolerance_basis_points = 50
"""  # noqa: E501 - the file is written as banks write it


def test_a_corridor_file_is_read_whole() -> None:
    """What stands in the file stands in the terms, and the terms survive being stored."""
    read = read_terms(FILE)
    assert (read.code, read.effective_from, read.legs[0].purposes[0].max) == ("abb-psbc", date(2026, 1, 1), "10000.00")
    assert Terms.model_validate_json(read.model_dump_json()) == read


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ('code = "abb-psbc"', 'code = "ABB"', "code 'ABB' is not two short names"),
        ("version = 1", "version = ", "is not TOML"),
        ("version = 1", 'version = "one"', "version:"),
        ("version = 1", "version = 1\nsurprise = 2", "surprise:"),
        ('zone = "Asia/Shanghai"', 'zone = "Asia/Peking"', "'Asia/Peking' is not a zone"),
        ('cap = "500.00"', 'cap = "500.001"', "cap '500.001' has 3 decimals"),
        ('cap = "500.00"', 'cap = "-1.00"', "cap '-1.00' is not a positive decimal"),
        ('max = "20000.00"', 'max = "0.00"', "max is zero"),
        ('max = "10000.00"', 'max = "lots"', "purposes.FAMI.max 'lots'"),
        ('currency = "MAD"', 'currency = "ABC"', "'ABC' is not an ISO 4217 currency"),
        ('creditor_agent = "psbc"', 'creditor_agent = "abb"', "from one participant to the other"),
        ('creditor_agent = "psbc"', 'creditor_agent = "bcp"', "'bcp' is not a participant"),
        ('products = ["account_to_account"]', 'products = ["pigeon"]', "['pigeon'] are not known"),
        ('rounding = "half_even"', 'rounding = "up"', "quoting.rounding"),
        ("[participants.psbc]", "[participants.corridor]", "exactly two participants"),
    ],
)
def test_a_file_that_does_not_hold_is_refused_with_the_field(right: str, wrong: str, told: str) -> None:
    """The operator reads where the mistake is."""
    assert right in FILE
    with pytest.raises(TermsInvalid) as refused:
        read_terms(FILE.replace(right, wrong))
    assert told in str(refused.value)
    refuses(TermsInvalid, "file", "", lambda: read_terms(FILE.replace(right, wrong)))


def test_a_corridor_has_exactly_two_participants() -> None:
    """One bank is no corridor, three are two of them."""
    with pytest.raises(ValueError, match="exactly two participants"):
        terms(participants={ABB: TERMS.participant(ABB)})


def test_a_leg_knows_its_purposes_and_products() -> None:
    """What is not agreed is refused with what is."""
    assert [ABB_TO_PSBC.purpose(code).code for code in ("GDDS", "FAMI")] == ["GDDS", "FAMI"]
    refuses(PurposeUnknown, "purpose", "SALA", lambda: ABB_TO_PSBC.purpose("SALA"))
    payouts = {product: ABB_TO_PSBC.check_product(product) for product in ABB_TO_PSBC.products}
    assert payouts == {
        "account_to_account": "account", "account_to_cash": "cash", "cash_to_account": "account", "merchant_qr": "account",
    }  # fmt: skip
    refuses(ProductUnknown, "product", "cash_to_cash", lambda: ABB_TO_PSBC.check_product("cash_to_cash"))


def test_a_direction_that_is_not_agreed_is_refused() -> None:
    """Between strangers, from a bank to itself, or in the direction the terms leave out."""
    assert TERMS.leg(ABB, PSBC) == ABB_TO_PSBC
    refuses(UnknownParticipant, "participant", "bcp", lambda: TERMS.leg("bcp", PSBC))
    refuses(UnknownParticipant, "participant", "bcp", lambda: TERMS.leg(ABB, "bcp"))
    refuses(UnknownParticipant, "creditor_agent", ABB, lambda: TERMS.leg(ABB, ABB))
    refuses(UnknownParticipant, "creditor_agent", ABB, lambda: terms(legs=(ABB_TO_PSBC,)).leg(PSBC, ABB))


def test_caps_and_retained_balances_are_in_the_settlement_currency() -> None:
    """As minor units, ready to compare with a position."""
    agreed = terms(abb_retained="200.00")
    assert [(agreed.cap(p), agreed.retained(p)) for p in (ABB, PSBC)] == [(500_00, 200_00), (300_00, 0)]


def test_an_owner_dates_its_lines_by_its_own_calendar() -> None:
    """The corridor's own accounts follow the settlement currency's."""
    assert [TERMS.calendar(owner) for owner in (ABB, PSBC, "corridor")] == [CASABLANCA, SHANGHAI, NEW_YORK]


def test_a_bank_is_known_by_its_bic() -> None:
    """Eight characters name the head office, eleven a branch (ISO 9362)."""
    assert [TERMS.participant_of_bic(bic) for bic in ("ABBMMAMC", "ABBMMAMC123", "PSBCCNBJXXX")] == [ABB, ABB, PSBC]
    refuses(UnknownParticipant, "bic", "BCPOMAMC", lambda: TERMS.participant_of_bic("BCPOMAMC"))


def test_quotes_and_sheets_live_as_long_as_agreed() -> None:
    """A quarter of an hour and a day."""
    assert (TERMS.quote_life, TERMS.sheet_life) == (timedelta(minutes=15), timedelta(hours=24))


@pytest.mark.parametrize("field", ["fee_flat", "min", "max", "creditor_fee", "remuneration"])
def test_every_amount_of_a_leg_is_checked(field: str) -> None:
    """An amount that cannot be read is found when the terms are read, not when a customer waits."""

    def changed(**values: Any) -> Leg:
        return ABB_TO_PSBC.model_copy(update=values)

    with pytest.raises(LedgerError, match=f"{field} 'x' is not a positive decimal"):
        terms(legs=(changed(**{field: "x"}),))


def test_a_bank_is_sent_the_versions_it_asked_for() -> None:
    """What the terms say of a bank's messages, the usual version of all others; the settlement bank has its own."""
    text = FILE.replace('bic = "PSBCCNBJXXX"', 'bic = "PSBCCNBJXXX"\nmessages = { "pacs.008" = "pacs.008.001.10" }')
    agreed = read_terms(text)
    asked = [("psbc", "pacs.008"), ("psbc", "pacs.002"), ("abb", "pacs.008"), ("bank:settlement", "pacs.009")]
    assert [agreed.message_version(*one) for one in asked] == ["pacs.008.001.10", "pacs.002.001.10", "pacs.008.001.08", "pacs.009.001.08"]


@pytest.mark.parametrize("versions", ['"pacs.008" = "pacs.008.001.03"', '"pacs.008" = "pacs.002.001.10"', '"pain.001" = "pain.001.001.09"'])
def test_a_version_that_is_not_written_cannot_be_agreed(versions: str) -> None:
    """The terms are refused with the versions there are."""
    text = FILE.replace('bic = "PSBCCNBJXXX"', f'bic = "PSBCCNBJXXX"\nmessages = {{ {versions} }}')
    with pytest.raises(TermsInvalid, match=r"is not written; use one of .*pacs\.008\.001\.08"):
        read_terms(text)
