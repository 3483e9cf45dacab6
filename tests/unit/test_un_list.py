"""The UN's consolidated list: read whole or refused, and each form of a name finds its entry."""

from __future__ import annotations

import pytest

from ledger.screening.port import Hit, ListFacts, ScreenedParty
from ledger.screening.un_list import ListUnusable, read_un_list

LIST = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<CONSOLIDATED_LIST xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" dateGenerated="2026-02-27T00:00:09.554Z">
  <INDIVIDUALS>
    <INDIVIDUAL>
      <FIRST_NAME>QASMIR</FIRST_NAME><SECOND_NAME>IBN ZOLTAN</SECOND_NAME><THIRD_NAME>VOLNADI</THIRD_NAME><FOURTH_NAME/>
      <REFERENCE_NUMBER>XXi.001</REFERENCE_NUMBER>
      <NAME_ORIGINAL_SCRIPT>قسمير فولنادي</NAME_ORIGINAL_SCRIPT>
      <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Hadrouch Belkimza; Guiyan Zhenlu</ALIAS_NAME></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Vexmoor</ALIAS_NAME></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
    </INDIVIDUAL>
  </INDIVIDUALS>
  <ENTITIES>
    <ENTITY>
      <FIRST_NAME>TAZWAKHT TRADING</FIRST_NAME><REFERENCE_NUMBER>XXe.001</REFERENCE_NUMBER>
      <ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>TT</ALIAS_NAME></ENTITY_ALIAS>
    </ENTITY>
  </ENTITIES>
</CONSOLIDATED_LIST>
"""


def found(name: str) -> list[tuple[str, int]]:
    """The entries that a name hits, with their scores."""
    return [(hit.entry, hit.score) for hit in read_un_list(LIST.encode()).screen([ScreenedParty("creditor", (name,))]).hits]


def refusal(data: bytes) -> str:
    with pytest.raises(ListUnusable) as refused:
        read_un_list(data)
    return str(refused.value)


def test_the_list_tells_what_it_is() -> None:
    """Its name, the instant at which it was made, and how many it names; a result says the first two."""
    read = read_un_list(LIST.encode())
    assert read.about() == ListFacts("un-consolidated", "2026-02-27T00:00:09.554Z", 2)
    result = read.screen([ScreenedParty("debtor", ("Volnadi, Qasmir Ibn Zoltan",)), ScreenedParty("creditor", ("Wei Shili",))])
    assert result.model_dump() == {
        "list_name": "un-consolidated",
        "list_version": "2026-02-27T00:00:09.554Z",
        "outcome": "hit",
        "hits": (Hit(role="debtor", entry="XXi.001", score=100).model_dump(),),
    }


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("Qasmir ibn Zoltan Volnadi", "XXi.001"),
        ("قسمير فولنادي", "XXi.001"),
        ("Belkimza Hadrouch", "XXi.001"),
        ("Guiyan Zhenlu", "XXi.001"),
        ("vexmoor", "XXi.001"),
        ("Tazwakht Trading", "XXe.001"),
        ("tt", "XXe.001"),
    ],
)
def test_every_form_of_a_name_finds_its_entry(name: str, entry: str) -> None:
    """All parts of the name together, its own script, good aliases and poor ones, and two that stand in one field."""
    assert found(name) == [(entry, 100)]


def test_a_part_of_a_name_alone_is_no_hit() -> None:
    """The first name of somebody on the list is nobody on the list."""
    assert found("Qasmir") == []


def test_a_list_that_was_cut_off_is_refused_wherever_that_was() -> None:
    """No beginning of the file passes for the whole, but for the blank lines at its end."""
    whole = LIST.encode()
    end = len(whole.rstrip())
    assert [cut for cut in range(end) if "no whole XML document" not in refusal(whole[:cut])] == []
    assert read_un_list(whole[:end]).about().entries == 2


WRONG = {
    "another document": ("<LIST/>", "It is no CONSOLIDATED_LIST of INDIVIDUALS and ENTITIES."),
    "half a list": (LIST.replace("ENTITIES", "OTHERS"), "It is no CONSOLIDATED_LIST of INDIVIDUALS and ENTITIES."),
    "no date": (LIST.replace("dateGenerated", "made"), "It does not say when it was made (dateGenerated)."),
    "nobody": (LIST[: LIST.index("<ENTITY>")] + "</ENTITIES></CONSOLIDATED_LIST>", "It has no ENTITIES."),
    "others among them": (LIST.replace("ENTITY>", "VESSEL>"), "Line 14 has another element than ENTITY."),
    "one number for two": (LIST.replace("XXe.001", "XXi.001"), "Line 14 has a reference number for the second time."),
    "no number": (LIST.replace("XXe.001", ""), "The entry at line 14 has no reference number or no name."),
    "no name": (LIST.replace("TAZWAKHT TRADING", "-"), "The entry at line 14 has no reference number or no name."),
    "a document type": (
        LIST.replace("<CONSOLIDATED_LIST", '<!DOCTYPE l [<!ENTITY a "b">]>\n<CONSOLIDATED_LIST', 1),
        "It has a document type declaration, which the list does not have.",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_the_whole_list_is_refused_and_not_quoted(what: str) -> None:
    """One entry that cannot be read would be one that is never found."""
    text, why = WRONG[what]
    assert refusal(text.encode()) == why
