"""The characters that a message may use: the X set of SWIFT, and what CBPR+ allows beside it in names, addresses and free text.

They are asked for at the edge only, of what a message says in the message's own elements. Inside, and in the supplement of this corridor,
a text is Unicode: there a name stands in its own script, beside the Latin form that every bank on the way can carry.
"""

from __future__ import annotations

import unicodedata
from string import ascii_letters, digits
from typing import Final

X_SET: Final = f"{ascii_letters}{digits}/-?:().,'+ "
"""Set X (SWIFT User Handbook, FIN): ids, references and numbers."""

EXTENSION: Final = '!#$%&*=^_`{|}~";<>@[\\]'
"""What names, addresses and free texts may have beside it."""

_X = X_SET.encode("ascii")
_EXTENDED = _X + EXTENSION.encode("ascii")
# Letters that are no other letter with a mark, so that Unicode takes none of them apart.
_LETTERS: Final = str.maketrans(
    {
        "ß": "ss",
        "Æ": "AE",
        "æ": "ae",
        "Œ": "OE",
        "œ": "oe",
        "Ø": "O",
        "ø": "o",
        "Đ": "D",
        "đ": "d",
        "Ð": "D",
        "ð": "d",
        "Þ": "Th",
        "þ": "th",
    }
    | {"Ł": "L", "ł": "l", "ı": "i", "’": "'", "‘": "'", "ʼ": "'", "‐": "-", "‑": "-", "–": "-", "—": "-", "\n": " ", "\t": " ", "\r": " "}
)


def in_x(text: str) -> bool:
    """Whether all characters are of set X."""
    return not text.encode().translate(None, _X)


def in_extended_x(text: str) -> bool:
    """Whether all characters are of set X or its extension."""
    return not text.encode().translate(None, _EXTENDED)


def latin(text: str) -> str:
    """The text in set X and its extension, as a message can carry it: letters without their marks, a point for what has no such form.

    It is the same for the same text, whoever writes it. Lossy on purpose: the text as it was stands in the supplement or in the vault.
    """
    if in_extended_x(text):
        return text
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    kept = (character for character in plain if not unicodedata.combining(character))
    return "".join(character if in_extended_x(character) else "." for character in kept)
