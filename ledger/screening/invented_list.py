"""A list of invented names, so that screening runs from the first day.

Nobody on it exists, and it protects nobody: it shows that a hit holds a transfer and that two officers decide. It serves demo and tests
until the compliance work brings real lists and a matcher made for them; production mode must not run on it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from ledger.errors import Malformed
from ledger.screening.names import dice, letter_pairs, tokens
from ledger.screening.port import Hit, ScreenedParty, ScreeningResult

SAME_NAME: Final = 100
SIMILAR_NAME_MIN: Final = 80
"""The lowest score that counts as a hit: about two letters in a name of fifteen."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One invented person: an id, and the name in each script."""

    id: str
    names: tuple[str, ...]


LIST_NAME: Final = "invented"
LIST_VERSION: Final = "2026-1"
ENTRIES: Final = (
    Entry("INV-001", ("Qasmir Volnadi", "قسمير فولنادي", "卡斯米尔·沃尔纳迪")),
    Entry("INV-002", ("Zoltrane Vexmoor", "زولتران فيكسمور", "佐尔特兰·韦克斯穆尔")),
    Entry("INV-003", ("Ibrelune Tazwakht-Doré", "إبرلون تازوخت دوري", "伊布勒伦·塔兹瓦赫特")),
    Entry("INV-004", ("Hadrouch Belkimza", "حدروش بلقمزة", "哈德鲁什·贝尔金扎")),
    Entry("INV-005", ("Murad al-Qafsawir", "مراد القفصوير", "穆拉德·卡夫萨维尔")),
    Entry("INV-006", ("Shuo Wanqiong", "شوو وانتشيونغ", "朔万穹")),
    Entry("INV-007", ("Queyuan Lingshuo", "تشويوان لينغشوو", "阙渊凌朔")),
    Entry("INV-008", ("Guiyan Zhenlu", "غويان تشنلو", "妫砚榛鹿")),
    Entry("INV-009", ("Ødvar Krzyństholm", "أودفار كرشينستهولم", "厄德瓦尔·克兹斯特霍尔姆")),
    Entry("INV-010", ("Esperenza Vantolhão", "إسبيرينزا فانتولهاو", "埃斯佩伦扎·万托良")),
)


class InventedList:
    """Screens against `ENTRIES`: the same folded name scores 100, a similar one its letter-pair similarity.

    Letter pairs are looked up in an index of the list, so a name costs as many look-ups as it has pairs, however long the list is.
    """

    def __init__(self, entries: Sequence[Entry] = ENTRIES, version: str = LIST_VERSION) -> None:
        self._version = version
        self._forms = [
            _Form(entry.id, words, len(letter_pairs(words))) for entry in entries for words in (tokens(name) for name in entry.names)
        ]
        self._sizes = [form.size for form in self._forms]
        self._forms_by_pair: dict[str, list[int]] = defaultdict(list)
        for number, form in enumerate(self._forms):
            for pair in letter_pairs(form.words):
                self._forms_by_pair[pair].append(number)
        self._clear = ScreeningResult(list_name=LIST_NAME, list_version=version, outcome="clear")

    def screen(self, parties: Sequence[ScreenedParty]) -> ScreeningResult:
        """One result for all parties; a party may hit several entries, each named once with its best score.

        Raises `Malformed` for a party without a name that holds a letter: it cannot be screened and must not pass as clear.
        """
        hits = tuple(hit for party in parties for hit in self._hits(party))
        if not hits:
            return self._clear
        return ScreeningResult(list_name=LIST_NAME, list_version=self._version, outcome="hit", hits=hits)

    def _hits(self, party: ScreenedParty) -> list[Hit]:
        readable = [words for name in party.names if (words := tokens(name))]
        if not readable:
            raise Malformed(
                f"The {party.role} has no name that can be screened.",
                field=f"{party.role}.name",
                way_out="Give the name in letters of any script.",
            )
        best: dict[str, int] = {}
        listed, sizes = self._forms_by_pair, self._sizes
        for words in readable:
            pairs = letter_pairs(words)
            # A form that shares no pair scores nothing, so only those met here are looked at.
            met = Counter(chain.from_iterable([listed[pair] for pair in pairs if pair in listed]))
            for number, shared in met.items():
                if 200 * shared < SIMILAR_NAME_MIN * (len(pairs) + sizes[number]):
                    continue
                entry, listed_words, size = self._forms[number]
                score = SAME_NAME if words == listed_words else min(dice(shared, len(pairs) + size), SAME_NAME - 1)
                best[entry] = max(score, best.get(entry, 0))
        ranked = sorted(best.items(), key=lambda found: (-found[1], found[0]))
        return [Hit(role=party.role, entry=entry, score=score) for entry, score in ranked]


class _Form(NamedTuple):
    """One name of one entry: its folded words, and how many letter pairs they have."""

    entry: str
    words: tuple[str, ...]
    size: int
