"""The page of the usage guideline says what the code says: elements, rules with the places they look at, characters, code sets."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ledger.iso20022.characters import EXTENSION, X_SET
from ledger.iso20022.code_sets import CodeSet, editions
from ledger.iso20022.guideline import PACS_008
from ledger.iso20022.rules import Rule
from ledger.iso20022.wording import ADDRESS_LINES_MAX
from tests.docs.pages import read_page, table_rows
from tests.unit import test_iso20022_pacs008

PAGE = "docs/reference/usage-guideline.md"
SUPPLEMENT = re.compile(r"\{urn:corridor-ledger:supplement:1\}")


def looked_at() -> dict[str, list[str]]:
    """By rule, the places that its own tests find it broken at."""
    places: dict[str, dict[str, None]] = {Rule.UETR_REPEATED.id: {"PmtId/UETR": None}}
    for rule, _pattern, _replacement, path in test_iso20022_pacs008.FAULTS:
        places.setdefault(rule.id, {})[SUPPLEMENT.sub("", path)] = None
    return {rule: list(paths) for rule, paths in places.items()}


def ticked(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


def test_elements_are_those_that_are_held_against_the_reader() -> None:
    """Path, use, characters, length and note."""
    assert table_rows(PAGE, "Elements of a pacs.008") == [
        [row.path, row.use.value, row.characters.value, "" if row.length_max is None else str(row.length_max), row.note] for row in PACS_008
    ]


def test_rules_are_all_there_with_the_places_their_tests_break_them_at() -> None:
    """Id, sentence, places below the transfer, and the reason of the answer."""
    places = looked_at()
    shown = [(rule, sentence, f"`{paths}`", reason) for rule, sentence, paths, reason in table_rows(PAGE, "Rules for a pacs.008")]
    assert shown == [(rule.id, rule.sentence, ticked(places[rule.id]), rule.reason_code) for rule in Rule if rule.id in places]


def test_character_sets_are_those_of_the_reader() -> None:
    """Every character that is neither letter nor digit, as it stands on the page."""
    page = read_page(PAGE)
    marks = "".join(character for character in X_SET if not character.isalnum() and character != " ")
    assert f"`{' '.join(marks)}`" in page
    assert f"`` {' '.join(EXTENSION)} ``" in page


def test_code_sets_are_those_that_are_kept_with_their_newest_edition() -> None:
    """Name of ISO, edition, the day it is in force from."""
    newest = [(editions(code_set).iso_name, editions(code_set).editions[-1]) for code_set in CodeSet]
    assert [row[:3] for row in table_rows(PAGE, "Code sets")] == [
        [name, edition.name, edition.valid_from.isoformat()] for name, edition in newest
    ]


def test_the_number_of_address_lines_is_that_of_the_reader() -> None:
    """Two, in words."""
    assert ADDRESS_LINES_MAX == 2 and "at most two `AdrLine`" in read_page(PAGE)
