"""Names of persons made comparable across spellings and scripts, with the standard library only.

Folding (`tokens`): compatibility forms (NFKD, Unicode UAX #15), case, diacritics and Arabic vowel signs dropped; the Latin letters
that carry no separable mark (ø, ł, đ …) and the Arabic letter forms that writers interchange are mapped; apostrophes vanish, every
other sign separates. Chinese characters written with spaces between them are joined again.

Similarity (`similarity`): the Dice coefficient over letter pairs. Each token is set between marks (``^omar$``), the pairs of all tokens
form one set, and the score is twice the number of shared pairs over the sum of both counts, in whole percent, rounded down. The order
of the tokens plays no part. It tolerates a letter or two, not another transliteration, and it knows no simplified and traditional
Chinese: a serious list needs a serious matcher.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from operator import add
from typing import Final

_LATIN: Final = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ŋ": "n"}
_ARABIC: Final = {"ة": "ه", "ى": "ي", "ٱ": "ا", "ک": "ك", "ی": "ي", "ـ": ""}
_FORMS: Final = str.maketrans(_LATIN | _ARABIC)
_APOSTROPHES: Final = frozenset("'’‘`´ʼʻʿʾ")


class _Kept(dict[int, str]):
    """What is left of a folded character, worked out when a character is first met (for `str.translate`)."""

    def __missing__(self, ordinal: int) -> str:
        character = chr(ordinal)
        kept = character if character.isalnum() else " "
        if character in _APOSTROPHES or unicodedata.combining(character):
            kept = ""
        self[ordinal] = kept
        return kept


_KEPT: Final = _Kept()


def tokens(name: str) -> tuple[str, ...]:
    """The folded words of a name, sorted; equal for names that differ in order, case, marks or punctuation only."""
    if name.isascii():
        # None of the forms below has an ASCII character, and lower case is all there is to fold.
        return tuple(sorted(name.lower().translate(_KEPT).split()))
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_FORMS)
    return tuple(sorted(_han_joined(unicodedata.normalize("NFKD", plain).translate(_KEPT).split())))


def letter_pairs(words: tuple[str, ...]) -> frozenset[str]:
    """The letter pairs of all words, word marks included; the unit `similarity` counts in."""
    pairs: set[str] = set()
    for word in words:
        pairs.update(map(add, f"^{word}", f"{word}$"))
    return frozenset(pairs)


def similarity(left: frozenset[str], right: frozenset[str]) -> int:
    """How alike two sets of letter pairs are: 0 (nothing shared) to 100 (the same set)."""
    return dice(len(left & right), len(left) + len(right))


def dice(shared: int, together: int) -> int:
    """The Dice coefficient in whole percent, rounded down, of two sets that share so many of the members they have together."""
    return 200 * shared // together if together else 0


def _han_joined(words: list[str]) -> list[str]:
    """Chinese names come with and without spaces: neighbouring words of Chinese characters are one."""
    joined: list[str] = []
    for word in words:
        if joined and _is_han(word[0]) and _is_han(joined[-1][-1]):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


@lru_cache(maxsize=10_000)
def _is_han(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK UNIFIED IDEOGRAPH")
