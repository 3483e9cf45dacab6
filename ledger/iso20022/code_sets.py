"""The external code sets of ISO 20022 that messages here use, as dated data: one file a set in ``codesets/``, one part of it an edition.

ISO publishes the sets several times a year, without a new version of any message. An edition holds from its ``valid_from`` on, the first
day of the month it is named after; a message is judged by the edition in force on its own date. One older than the oldest edition kept here
is judged by that one: codes are added far more often than withdrawn. The files are our own lists of the codes alone; what each means stands
in the set that ISO publishes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files


class CodeSet(StrEnum):
    """The sets, by the names of their files."""

    PURPOSE = "purpose"
    CATEGORY_PURPOSE = "category_purpose"
    SERVICE_LEVEL = "service_level"
    STATUS_REASON = "status_reason"
    RETURN_REASON = "return_reason"
    CANCELLATION_REASON = "cancellation_reason"
    CANCELLATION_REJECTION = "payment_cancellation_rejection"
    INVESTIGATION_CONFIRMATION = "investigation_execution_confirmation"
    TRANSACTION_STATUS = "payment_transaction_status"
    GROUP_STATUS = "payment_group_status"
    BALANCE_TYPE = "balance_type"
    PERSON_IDENTIFICATION = "person_identification"
    ORGANISATION_IDENTIFICATION = "organisation_identification"


@dataclass(frozen=True, slots=True)
class Edition:
    """The codes of one set from a day on, until a newer edition's day."""

    name: str
    valid_from: date
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Editions:
    """One set: ``iso_name`` as the standard calls it, its editions from the oldest on."""

    iso_name: str
    editions: tuple[Edition, ...]

    def in_force(self, on: date) -> Edition:
        """The edition in force on a day; before the oldest one, that one."""
        return next((edition for edition in reversed(self.editions) if edition.valid_from <= on), self.editions[0])


@cache
def editions(code_set: CodeSet) -> Editions:
    """A set with all its editions, read once."""
    return parse_editions((files("ledger.iso20022") / "codesets" / f"{code_set}.toml").read_text(encoding="utf-8"))


def parse_editions(text: str) -> Editions:
    """A file of ``codesets/``. Raises ValueError where its editions are not in the order of their days."""
    told: Mapping[str, object] = tomllib.loads(text)
    listed = told["edition"]
    assert isinstance(listed, list)
    found = tuple(Edition(one["name"], one["valid_from"], frozenset(one["codes"].split())) for one in listed)
    if not found or [one.valid_from for one in found] != sorted({one.valid_from for one in found}):
        raise ValueError("the editions of a code set stand in the order of their days, each with a day of its own")
    return Editions(str(told["set"]), found)


@lru_cache(maxsize=256)
def codes_in_force(code_set: CodeSet, on: date) -> frozenset[str]:
    """The codes of a set on a day."""
    return editions(code_set).in_force(on).codes
