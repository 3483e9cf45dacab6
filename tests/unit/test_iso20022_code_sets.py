"""External code sets are data with dates: which codes hold on a day."""

from datetime import date

import pytest

from ledger.iso20022.code_sets import CodeSet, Edition, codes_in_force, editions, parse_editions

TWO = """
set = "ExternalPurpose1Code"

[[edition]]
name = "2025-05"
valid_from = 2025-05-01
codes = "GIFT OLDE"

[[edition]]
name = "2025-08"
valid_from = 2025-08-01
codes = "GIFT NEWE"
"""


@pytest.mark.parametrize(
    ("on", "name"),
    [
        (date(2019, 1, 1), "2025-05"),
        (date(2025, 5, 1), "2025-05"),
        (date(2025, 7, 31), "2025-05"),
        (date(2025, 8, 1), "2025-08"),
        (date(2030, 1, 1), "2025-08"),
    ],
)
def test_the_edition_in_force_is_the_newest_that_has_begun(on: date, name: str) -> None:
    """Before the oldest one kept, that one counts."""
    assert parse_editions(TWO).in_force(on).name == name


def test_an_edition_has_its_own_codes() -> None:
    """One that was withdrawn is not in the next."""
    assert parse_editions(TWO).editions == (
        Edition("2025-05", date(2025, 5, 1), frozenset({"GIFT", "OLDE"})),
        Edition("2025-08", date(2025, 8, 1), frozenset({"GIFT", "NEWE"})),
    )


def test_editions_out_of_order_are_refused() -> None:
    """A file that was put together wrongly shows when it is read, not when a message is refused by it."""
    with pytest.raises(ValueError, match="in the order of their days"):
        parse_editions(TWO.replace("2025-08-01", "2025-05-01"))


@pytest.mark.parametrize("code_set", CodeSet)
def test_every_set_is_there_with_codes_of_its_form(code_set: CodeSet) -> None:
    """One to four capital letters and digits (ExternalCode types, Max4Text)."""
    assert editions(code_set).iso_name.startswith("External")
    codes = codes_in_force(code_set, date(2026, 3, 27))
    assert codes and all(code.isascii() and code.isalnum() and code.isupper() and len(code) <= 4 for code in codes)
