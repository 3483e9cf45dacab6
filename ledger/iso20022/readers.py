"""Every message that is read here, with its reader, and what a reading found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from ledger.iso20022.camt053 import read_camt053
from ledger.iso20022.fields import Limits
from ledger.iso20022.pacs008 import read_pacs008
from ledger.iso20022.rules import Finding

Reader = Callable[[bytes, Limits], object]

READERS: Final[Mapping[str, Reader]] = {
    "camt.053": read_camt053,
    "pacs.008": read_pacs008,
}


def kind_of(version: str) -> str:
    """The kind of message a version belongs to: ``pacs.008`` of ``pacs.008.001.08``."""
    return version[: len("pacs.008")]


def findings_in(read: object) -> Iterator[Finding]:
    """Every rule that was found broken anywhere in what a reader returned, in the message's order."""
    if isinstance(read, Finding):
        yield read
    elif isinstance(read, (tuple, list)):
        for one in read:
            yield from findings_in(one)
    elif is_dataclass(read):
        for field in fields(read):
            yield from findings_in(getattr(read, field.name))
