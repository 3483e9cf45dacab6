"""A party is written so that every bank on the way can carry it, and what it was is not lost."""

from dataclasses import fields, replace
from datetime import date

from ledger.iso20022.latin_form import latin_party
from ledger.iso20022.parties import Address, Birth, Identification, Party


def test_a_party_in_latin_letters_stays_as_it_is() -> None:
    """With its native name, if it has one."""
    party = Party("Ada Akli", native_name="ⴰⴷⴰ ⴰⴽⵍⵉ", address=Address(street="Rue 7", town="Agadir", country="MA", lines=("Floor 2",)))
    assert latin_party(party) == party


def test_a_name_with_accents_loses_them_and_stands_as_it_was_beside() -> None:
    """Street and town likewise, for which the supplement has no place; numbers stay as they are."""
    party = Party(
        "Đặng Văn Lâm", address=Address(street="Đường Lê Lợi", town="Huế", country="VN"), identifications=(Identification("Số 7"),)
    )
    assert latin_party(party) == Party(
        "Dang Van Lam",
        native_name="Đặng Văn Lâm",
        address=Address(street="Duong Le Loi", town="Hue", country="VN"),
        identifications=(Identification("Số 7"),),
    )


def test_a_name_that_has_no_latin_form_is_not_made_up() -> None:
    """Points say that something stood there; the name itself stands beside."""
    found = latin_party(Party("ສົມສັກ", address=None))
    assert (set(found.name), found.native_name) == ({"."}, "ສົມສັກ")


def test_a_text_that_grows_keeps_to_its_length() -> None:
    """One letter becomes two; the whole name stands beside."""
    found = latin_party(Party("ß" * 140))
    assert (found.name, found.native_name) == ("s" * 140, "ß" * 140)


def test_a_native_name_changes_nothing_else_of_a_party() -> None:
    """Every field is there again."""
    party = Party(
        "Ada Akli",
        address=Address(town="Agadir"),
        birth=Birth(date(1980, 2, 29), "Agadir", "MA"),
        identifications=(Identification("7"),),
        bic="AAAAMAMC",
        lei="5493001KJTIIGC8Y1R12",
        country_of_residence="MA",
        registered=True,
    )
    assert all(getattr(party, field.name) for field in fields(party) if field.name != "native_name")
    assert party.with_native_name("ⴰⴷⴰ ⴰⴽⵍⵉ") == replace(party, native_name="ⴰⴷⴰ ⴰⴽⵍⵉ")
