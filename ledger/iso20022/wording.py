"""How the texts of one transfer are written: in which characters, and how an address is laid out. Rules of the usage guideline.

Transfers of one file have the same few layouts, so what must be looked at is worked out once for each layout.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from ledger.iso20022.characters import in_extended_x, in_x
from ledger.iso20022.checked import CheckedFields
from ledger.iso20022.rules import Rule

# Elements that hold an id, a reference or a number, wherever they stand: set X alone.
REFERENCES: Final = frozenset({"InstrId", "EndToEndId", "TxId", "ClrSysRef", "MmbId", "Id"})
# The corridor's own supplement, and those of others: a text there is Unicode.
SUPPLEMENT: Final = "SplmtryData"
ADDRESS_LINES_MAX: Final = 2

_NUMBER = re.compile(r"\[[0-9]+\]$")
_LINE = re.compile(r"/AdrLine(?:\[[0-9]+\])?$")
_PARTS = re.compile(r"[,;/]")
_WORDS = re.compile(r"\w+")
# A stranger's layouts are as many as it likes, and as long: those are worked out and forgotten.
_KEPT_PATHS_MAX = 300

_Values = Mapping[str, str]


class _Layout(NamedTuple):
    """What to look at in transfers that have texts at the same paths."""

    references: Callable[[_Values], str]
    texts: Callable[[_Values], str]
    reference_paths: tuple[str, ...]
    text_paths: tuple[str, ...]
    addresses: tuple[str, ...]  # those with lines, banks' own left out


def check_wording(checked: CheckedFields) -> None:
    """Notes every text outside its character set, and every address whose lines are not as the guideline wants them."""
    values = checked.fields.values
    paths = tuple(values)
    layout = _kept_layout(paths) if len(paths) <= _KEPT_PATHS_MAX else _layout(paths)
    if not in_x(layout.references(values)):
        for path in layout.reference_paths:
            if not in_x(values[path]):
                checked.breach(Rule.REFERENCE_CHARACTERS, path)
    if not in_extended_x(layout.texts(values)):
        for path in layout.text_paths:
            if not in_extended_x(values[path]):
                checked.breach(Rule.TEXT_CHARACTERS, path)
    for address in layout.addresses:
        _check_address(checked, address)


def check_reference(checked: CheckedFields, path: str) -> None:
    """Notes an id with slashes where FIN, which still carries it on a part of the way, would misread them."""
    text = checked.fields.values.get(path)
    if text is not None and "/" in text and (text.startswith("/") or text.endswith("/") or "//" in text):
        checked.breach(Rule.REFERENCE_SLASHES, path)


def _check_address(checked: CheckedFields, address: str) -> None:
    fields = checked.fields
    lines = fields.siblings(f"{address}/AdrLine")
    # Debtor and creditor have rules of their own for town and country, with the reasons that name them.
    if address not in ("Dbtr/PstlAdr", "Cdtr/PstlAdr") and not (fields.text(f"{address}/TwnNm") and fields.text(f"{address}/Ctry")):
        checked.breach(Rule.ADDRESS_LINES_ALONE, address)
    if len(lines) > ADDRESS_LINES_MAX:
        checked.breach(Rule.ADDRESS_LINES_TOO_MANY, lines[ADDRESS_LINES_MAX])
    structured = _words(text for path, text in fields.values.items() if path.startswith(f"{address}/") and not _LINE.search(path))
    for line in lines[:ADDRESS_LINES_MAX]:
        text = fields.text(line)
        if text is not None and any(words and words <= structured for words in (_words((part,)) for part in _PARTS.split(text))):
            checked.breach(Rule.ADDRESS_LINE_REPEATS, line)


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in _WORDS.findall(text.casefold())}


@lru_cache(maxsize=64)
def _kept_layout(paths: tuple[str, ...]) -> _Layout:
    return _layout(paths)


def _layout(paths: tuple[str, ...]) -> _Layout:
    looked_at = [path for path in paths if not path.startswith(SUPPLEMENT)]
    references = tuple(path for path in looked_at if _NUMBER.sub("", path).rpartition("/")[2] in REFERENCES)
    kept = set(references)
    texts = tuple(path for path in looked_at if path not in kept)
    lines = (path for path in looked_at if _LINE.search(path) and "FinInstnId/" not in path)
    return _Layout(
        references=_joined(references),
        texts=_joined(texts),
        reference_paths=references,
        text_paths=texts,
        addresses=tuple(dict.fromkeys(_LINE.sub("", path) for path in lines)),
    )


def _joined(paths: tuple[str, ...]) -> Callable[[_Values], str]:
    """The texts at these paths as one."""
    if len(paths) < 2:
        return lambda values: "".join(values[path] for path in paths)
    together = itemgetter(*paths)
    return lambda values: "".join(together(values))
