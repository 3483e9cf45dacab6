"""One message that a step makes the corridor send, and the names that messages and what they are about go by."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

_CODE: Final = re.compile(r"[A-Z0-9]{4}")
ID_MAX: Final = 35  # Max35Text
SETTLED_BY_THE_CORRIDOR: Final = "CLRG"
"""How what the corridor sends is settled (SettlementMethod1Code): between the positions it keeps."""


class Told(NamedTuple):
    """``to`` is the recipient (a participant, or the settlement bank), ``message`` its kind, such as ``pacs.002``.

    ``write`` makes the document out of a version and a message id; None when it cannot be written any more, since a person in it was
    erased.
    """

    to: str
    message: str
    write: Callable[[str, str], bytes | None]


def message_id(corridor: str, position: int, index: int) -> str:
    """The id of the message that stands at a place of the log: a code of two names, at most 17 characters, and two numbers."""
    return f"{corridor}-{position}-{index}"


def coded(word: str) -> tuple[str | None, str | None]:
    """A reason as messages state it: as a code of an external set, or else as the sender's own word."""
    return (word, None) if _CODE.fullmatch(word) else (None, word[:ID_MAX])


def within_35(reference: str) -> str:
    """A reference as it is where a message has room for it, else what stands for it: the first digits of its SHA-256, in hex."""
    return reference if len(reference) <= ID_MAX else sha256(reference.encode()).hexdigest()[:ID_MAX]
