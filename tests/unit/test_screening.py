"""Screening against the invented list: who is found, who is not, and what the result says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Malformed
from ledger.screening.invented_list import ENTRIES, InventedList
from ledger.screening.names import letter_pairs, similarity, tokens
from ledger.screening.port import Hit, ScreenedParty, Screening, ScreeningResult

LIST: Screening = InventedList()


def screened(*names: str) -> ScreeningResult:
    return LIST.screen([ScreenedParty("creditor", names)])


@pytest.mark.parametrize(("entry", "name"), [(entry.id, name) for entry in ENTRIES for name in entry.names])
def test_every_listed_name_is_found_in_every_script(entry: str, name: str) -> None:
    """Latin, Arabic and Chinese forms each hit their own entry with the full score, and no other entry."""
    assert screened(name) == ScreeningResult(
        list_name="invented",
        list_version="2026-1",
        outcome="hit",
        hits=(Hit(role="creditor", entry=entry, score=100),),
    )


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("INV-001", "VOLNADI, Qasmir"),
        ("INV-001", "ｑａｓｍｉｒ　ｖｏｌｎａｄｉ"),
        ("INV-001", "قَسمير فولنادى"),
        ("INV-003", "ibrelune tazwakht dore"),
        ("INV-004", "حدروش بلقمزه"),
        ("INV-006", "朔 万穹"),
        ("INV-009", "Odvar Krzyństholm"),
        ("INV-001", "卡斯米尔 沃尔纳迪"),
    ],
)
def test_order_case_marks_and_spaces_hide_nobody(entry: str, name: str) -> None:
    """What a writer may vary without writing another name makes no difference."""
    assert [(hit.entry, hit.score) for hit in screened(name).hits] == [(entry, 100)]


@pytest.mark.parametrize("name", ["Qasmir Volnady", "Kasmir Volnadi"])
def test_one_wrong_letter_is_still_a_hit_with_its_similarity(name: str) -> None:
    """Thirteen of fifteen letter pairs on either side are shared: 2 * 13 / 30, rounded down."""
    assert [(hit.entry, hit.score) for hit in screened(name).hits] == [("INV-001", 86)]


@pytest.mark.parametrize(
    "name", ["Mohammed Amine El Idrissi", "Fatima Zahra Benali", "محمد أمين الإدريسي", "王伟", "李娜", "欧阳娜娜", "Zhang Wei"]
)
def test_common_names_of_both_countries_are_clear(name: str) -> None:
    """The invented names resemble nobody's."""
    assert screened(name) == ScreeningResult(list_name="invented", list_version="2026-1", outcome="clear", hits=())


def test_one_result_covers_all_parties_and_names_the_role_of_each_hit() -> None:
    """Hits stand in the order of the parties; an entry found in two scripts counts once, with its best score."""
    result = LIST.screen(
        [
            ScreenedParty("debtor", ("Fatima Zahra Benali",)),
            ScreenedParty("creditor", ("Shuo Wanqionq", "朔万穹")),
            ScreenedParty("ultimate_creditor", ("Hadrouch Belkimza",)),
        ]
    )
    assert result.hits == (
        Hit(role="creditor", entry="INV-006", score=100),
        Hit(role="ultimate_creditor", entry="INV-004", score=100),
    )


def test_a_party_without_a_readable_name_is_refused_and_never_clear() -> None:
    """What cannot be screened must not pass for screened."""
    with pytest.raises(Malformed) as refused:
        LIST.screen([ScreenedParty("debtor", ("", " -. "))])
    assert str(refused.value) == "The debtor has no name that can be screened. Give the name in letters of any script."
    assert refused.value.field == "debtor.name"


def test_a_result_has_one_text_and_names_nobody() -> None:
    """The text that is committed to is fixed, and neither it nor a party's print shows a name."""
    assert screened("Qasmir Volnadi").canonical() == (
        '{"list_name":"invented","list_version":"2026-1","outcome":"hit","hits":[{"role":"creditor","entry":"INV-001","score":100}]}'
    )
    assert repr(ScreenedParty("debtor", ("Qasmir Volnadi",))) == "ScreenedParty(role='debtor')"


@given(st.lists(st.text("abdeéøأبر", min_size=1, max_size=8), min_size=1, max_size=4))
def test_similarity_is_full_for_itself_and_the_same_from_both_sides(words: list[str]) -> None:
    """Neither the order of the words nor the order of comparison matters."""
    folded = tokens(" ".join(words))
    pairs, other = letter_pairs(folded), letter_pairs(tokens("Qasmir Volnadi"))
    assert tokens(" ".join(reversed(words))) == folded
    assert similarity(pairs, pairs) == 100
    assert similarity(pairs, other) == similarity(other, pairs)


def test_nothing_resembles_nothing() -> None:
    """Two empty names are not alike, so an empty entry can never match."""
    assert similarity(frozenset(), frozenset()) == 0


@given(st.sampled_from([name for entry in ENTRIES for name in entry.names]), st.text("abdeqiloéøأبر穹 '", max_size=6), st.integers(0, 9))
def test_the_index_finds_what_a_comparison_with_every_name_finds(listed: str, inserted: str, at: int) -> None:
    """A listed name with letters put in between: the same entries with the same scores, whether similar or not."""
    words = tokens(listed[:at] + inserted + listed[at:])
    scores: dict[str, int] = {}
    for entry in ENTRIES:
        for form in map(tokens, entry.names):
            alike = similarity(letter_pairs(words), letter_pairs(form))
            scores[entry.id] = max(scores.get(entry.id, 0), 100 if words == form else min(alike, 99))
    found = {hit.entry: hit.score for hit in screened(listed[:at] + inserted + listed[at:]).hits}
    assert found == {entry: score for entry, score in scores.items() if score >= 80}
