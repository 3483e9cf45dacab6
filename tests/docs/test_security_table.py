"""The page on security names every item, only tests that exist, and the refusals that are tested."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from api.people.identity import ALGORITHMS as IDENTITY_ALGORITHMS
from api.problems import PROBLEMS, code_of
from ledger.domain.public_keys import ALGORITHMS
from tests.acceptance.test_each_refusal_is_told_and_logged import REFUSED
from tests.docs.pages import DOCS, read_page, table_rows

PAGE = "docs/reference/security.md"
API_TOP_10 = [f"API{number}" for number in range(1, 11)]
ASVS = [
    *("2.3.5", "2.4.2", "4.1.4", "4.1.5", "4.2.1", "4.2.2", "4.2.3", "4.2.4", "4.2.5", "6.3.3", "7.5.3", "8.2.4", "10.3.5", "11.1.4"),
    *("12.1.4", "12.3.5", "13.3.3", "13.3.4", "14.2.6", "14.2.7", "15.4.1", "15.4.2", "15.4.3", "15.4.4", "16.4.2", "16.5.3", "16.5.4"),
]
LISTS = {"OWASP API Security Top 10 (2023)": API_TOP_10, "ASVS 5.0": ASVS}
_LINK = re.compile(r"\[(?P<words>[^\]]*)\]\((?P<path>[^)#]*)(?:#[^)]*)?\)")
_TEST = re.compile(r"`(?P<name>test_\w+)`")


def items() -> list[list[str]]:
    """The rows of both lists: item, what it is about, state, what shows it."""
    return [row for heading in LISTS for row in table_rows(PAGE, heading)]


def links(text: str) -> list[tuple[str, Path]]:
    """The words and the file of each link."""
    return [(link["words"], (DOCS / "reference" / link["path"]).resolve()) for link in _LINK.finditer(text)]


@cache
def functions_of(file: Path) -> frozenset[str]:
    """The test functions that a file defines at its top."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def names_tests(text: str) -> bool:
    return any(_TEST.fullmatch(words) for words, _ in links(text))


@pytest.mark.parametrize("heading", LISTS)
def test_every_item_of_both_lists_has_its_row(heading: str) -> None:
    """In the order of the list, each once."""
    assert [row[0] for row in table_rows(PAGE, heading)] == LISTS[heading]


def test_every_test_that_the_page_names_exists() -> None:
    """A test that is renamed or removed takes its row along; a test is named in no way but by a link to its file."""
    text = read_page(PAGE)
    named = [(match["name"], file) for words, file in links(text) if (match := _TEST.fullmatch(words))]
    assert len(named) == len(_TEST.findall(text)) > len(ASVS)
    assert [(name, file.name) for name, file in named if not file.exists() or name not in functions_of(file)] == []


def test_each_state_has_what_it_promises() -> None:
    """Shown and in part: by a test, and in part says what is missing. Operator: a page that tells what to do."""
    states = {item: (state, shown) for item, _about, state, shown in items()}
    assert {state for state, _ in states.values()} <= {"shown", "in part", "operator", "not met"}
    assert [item for item, (state, shown) in states.items() if state in ("shown", "in part") and not names_tests(shown)] == []
    assert [item for item, (state, shown) in states.items() if (state == "in part") != ("Missing:" in shown)] == []
    told = {item: [file for _, file in links(shown) if file.suffix == ".md"] for item, (_, shown) in states.items()}
    assert [item for item, (state, _) in states.items() if state == "operator" and not told[item]] == []


def test_what_is_not_met_stands_in_the_limits() -> None:
    """Both pages name the same items, so that neither is more hopeful than the other."""
    limits = read_page("docs/limits.md")
    said = {number for line in re.findall(r"\(ASVS ([^)]*)\)", limits) for number in line.split(", ")}
    assert said == {item for item, _about, state, _shown in items() if state == "not met"}


def test_refusals_are_the_cases_of_their_test() -> None:
    """Each case once with the type of its problem, whatever component is missing; and every type is one of the registry."""
    rows = table_rows(PAGE, "Each refusal of a signed request")
    cases = {re.sub(r"^(missing component) .*", r"\1", what): code for what, (code, _) in REFUSED.items()}
    assert [(what, code) for what, code, _ in rows] == list(cases.items())
    assert {code for _, code, _ in rows} <= {code_of(kind) for kind in PROBLEMS}


def test_the_inventory_names_every_algorithm_that_is_taken() -> None:
    """Those of signing keys and those of identity tokens: one that is added to the code is missing here."""
    signing = [row[1] for row in table_rows(PAGE, "Cryptographic inventory") if "RFC 9421" in row[0]]
    [tokens] = [row[1] for row in table_rows(PAGE, "Cryptographic inventory") if row[0] == "identity tokens"]
    assert [re.findall(r"[\w-]+", cell) for cell in signing] == [list(ALGORITHMS)] * 2
    assert re.findall(r"[\w-]+", tokens.partition(";")[0].replace("`", "")) == list(IDENTITY_ALGORITHMS)
