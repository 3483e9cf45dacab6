"""A list of names, and the matcher that finds parties on it: the same folded name scores 100, a similar one its letter-pair similarity."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from ledger.errors import Malformed
from ledger.screening.names import dice, letter_pairs, tokens
from ledger.screening.port import Hit, ListFacts, ScreenedParty, ScreeningResult

SAME_NAME: Final = 100
SIMILAR_NAME_MIN: Final = 80
"""The lowest score that counts as a hit: about two letters in a name of fifteen."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One person or body on a list: an id, and every form of the name in any script."""

    id: str
    names: tuple[str, ...]


class NameList:
    """Screens against the entries of one version of one list.

    Letter pairs are looked up in an index of the list, so only names that share some are looked at.
    """

    def __init__(self, name: str, version: str, entries: Sequence[Entry]) -> None:
        self._facts = ListFacts(name, version, len(entries))
        self._forms = [
            _Form(entry.id, words, len(letter_pairs(words))) for entry in entries for words in (tokens(name) for name in entry.names)
        ]
        self._sizes = [form.size for form in self._forms]
        self._forms_by_pair: dict[str, list[int]] = defaultdict(list)
        for number, form in enumerate(self._forms):
            for pair in letter_pairs(form.words):
                self._forms_by_pair[pair].append(number)
        self._clear = ScreeningResult(list_name=name, list_version=version, outcome="clear")

    def about(self) -> ListFacts:
        """Which list this is."""
        return self._facts

    def screen(self, parties: Sequence[ScreenedParty]) -> ScreeningResult:
        """One result for all parties; a party may hit several entries, each named once with its best score.

        Raises `Malformed` for a party without a name that holds a letter: it cannot be screened and must not pass as clear.
        """
        hits = tuple(hit for party in parties for hit in self._hits(party))
        if not hits:
            return self._clear
        return ScreeningResult(list_name=self._facts.name, list_version=self._facts.version, outcome="hit", hits=hits)

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
