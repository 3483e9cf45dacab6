"""Links within the documentation lead somewhere."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import DOCS, ROOT, page_names, read_page

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_FENCED = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The anchors that code hosts make of a page's headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(_FENCED.sub("", text))}


@pytest.mark.parametrize("page", page_names())
def test_every_link_of_a_page_leads_to_a_file_and_heading_that_exist(page: str) -> None:
    """A file that moved takes its links along."""
    broken = []
    for link in _LINK.finditer(_FENCED.sub("", read_page(page))):
        target = (ROOT / page).parent / link["path"] if link["path"] else ROOT / page
        if not target.exists() or (link["anchor"] and link["anchor"] not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link[0])
    assert broken == []


def test_every_page_can_be_reached_from_the_map() -> None:
    """docs/README.md names every page, the decisions through their own list."""
    reached, waiting = set(), [DOCS / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in reached:
            continue
        reached.add(page)
        links = (page.parent / link["path"] for link in _LINK.finditer(_FENCED.sub("", page.read_text(encoding="utf-8"))) if link["path"])
        waiting += [link for link in links if link.suffix == ".md" and link.resolve().is_relative_to(DOCS)]
    assert sorted(set(DOCS.rglob("*.md")) - reached) == []
