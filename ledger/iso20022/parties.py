"""Who and where in a message: parties, addresses, accounts, agents (ISO 20022 Party, CashAccount, FinancialInstitution).

Texts are as the message has them. All but agents is personal data: it belongs into the vault, never into the log, an error or a
``repr``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from string import ascii_letters

_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Za-z0-9]{1,30}")
# Letters count from 10 on (ISO 7064), small ones like capital ones.
_AS_DIGITS = {ord(letter): str(int(letter, 36)) for letter in ascii_letters}


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A postal address in its own fields (PostalAddress24). ``lines`` hold what could not be structured; ``country`` is ISO 3166."""

    street: str | None = None
    building_number: str | None = None
    building_name: str | None = None
    floor: str | None = None
    post_box: str | None = None
    room: str | None = None
    post_code: str | None = None
    town: str | None = None
    town_location: str | None = None
    district: str | None = None
    subdivision: str | None = None
    country: str | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Identification:
    """A document or register number. ``scheme`` is a code of the external set (NIDN, CCPT, TXID …) or the sender's own word for it."""

    number: str
    scheme: str | None = None
    issuer: str | None = None
    scheme_is_code: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Birth:
    """Date and place of birth; the standard wants all three or none (DateAndPlaceOfBirth1)."""

    on: date
    town: str
    country: str
    province: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Party:
    """A debtor or creditor. ``name`` is the Latin form, ``native_name`` the form in the person's own script.

    ``bic`` and ``lei`` are set for organisations only, ``birth`` for persons only. ``registered`` says that the identifications are an
    organisation's where neither BIC nor LEI says so.
    """

    name: str
    native_name: str | None = None
    address: Address | None = None
    birth: Birth | None = None
    identifications: tuple[Identification, ...] = ()
    bic: str | None = None
    lei: str | None = None
    country_of_residence: str | None = None
    registered: bool = False

    def with_native_name(self, native_name: str) -> Party:
        """The same with its name in the person's own script."""
        # Named one by one: `dataclasses.replace` takes three times as long, and every transfer has two parties.
        return Party(
            self.name,
            native_name,
            self.address,
            self.birth,
            self.identifications,
            self.bic,
            self.lei,
            self.country_of_residence,
            self.registered,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A cash account: an IBAN (ISO 13616) or another number, never both."""

    iban: str | None = None
    other: str | None = None
    currency: str | None = None
    name: str | None = None

    @property
    def number(self) -> str:
        """The IBAN or the other number."""
        return self.iban or self.other or ""


@dataclass(frozen=True, slots=True)
class Agent:
    """A bank, by BIC (ISO 9362), LEI (ISO 17442) or both."""

    bic: str | None = None
    lei: str | None = None
    name: str | None = None
    clearing_member: str | None = None


@lru_cache(maxsize=256)
def is_bic(text: str) -> bool:
    """Whether the text has the form of a BIC (ISO 9362:2014)."""
    return _BIC.fullmatch(text) is not None


def is_lei(text: str) -> bool:
    """Whether the text is an LEI with right check digits (ISO 17442, ISO 7064 MOD 97-10)."""
    return _LEI.fullmatch(text) is not None and _modulo_97(text) == 1


def is_iban(text: str) -> bool:
    """Whether the text is an IBAN with right check digits (ISO 13616, ISO 7064 MOD 97-10)."""
    return _IBAN.fullmatch(text) is not None and _modulo_97(text[4:] + text[:4]) == 1


@lru_cache(maxsize=256)
def is_country(text: str) -> bool:
    """Whether the text has the form of a country code (ISO 3166 alpha-2)."""
    return len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()


def _modulo_97(text: str) -> int:
    return int(text.translate(_AS_DIGITS)) % 97
