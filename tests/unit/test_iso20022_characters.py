"""Character sets of messages: what they hold, and how a text is brought into them."""

import pytest

from ledger.iso20022.characters import EXTENSION, X_SET, in_extended_x, in_x, latin


def test_set_x_and_its_extension_are_what_the_guideline_says() -> None:
    """Each character alone, and no other one below the end of Latin-1."""
    every = [chr(number) for number in range(256)]
    assert [one for one in every if in_x(one)] == sorted(X_SET)
    assert [one for one in every if in_extended_x(one)] == sorted(X_SET + EXTENSION)
    assert in_x("") and in_extended_x("")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Fatima Zahra O'Brien & Co", "Fatima Zahra O'Brien & Co"),
        ("Fès – Médina", "Fes - Medina"),
        ("Đặng Văn Lâm", "Dang Van Lam"),
        ("Straße Łódź", "Strasse Lodz"),
        ("two\nlines", "two lines"),
        ("王 ⵣ ລາວ", ". . ..."),
    ],
)
def test_a_text_loses_its_marks_and_what_has_no_latin_form_becomes_a_point(text: str, written: str) -> None:
    """What is written is in the set, and stays the same when it is written again."""
    assert latin(text) == written
    assert in_extended_x(written) and latin(written) == written
