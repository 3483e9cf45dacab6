"""Every message that is read here, with its reader, and what a reading found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from ledger.iso20022.admi002 import read_admi002
from ledger.iso20022.camt029 import read_camt029
from ledger.iso20022.camt053 import read_camt053
from ledger.iso20022.camt054 import read_camt054
from ledger.iso20022.camt056 import read_camt056
from ledger.iso20022.camt057 import read_camt057
from ledger.iso20022.fields import Limits
from ledger.iso20022.pacs002 import read_pacs002
from ledger.iso20022.pacs004 import read_pacs004
from ledger.iso20022.pacs008 import read_pacs008
from ledger.iso20022.pacs009 import read_pacs009
from ledger.iso20022.pacs028 import read_pacs028
from ledger.iso20022.rules import Finding

Reader = Callable[[bytes, Limits], object]

READERS: Final[Mapping[str, Reader]] = {
    "admi.002": read_admi002,
    "camt.029": read_camt029,
    "camt.053": read_camt053,
    "camt.054": read_camt054,
    "camt.056": read_camt056,
    "camt.057": read_camt057,
    "pacs.002": read_pacs002,
    "pacs.004": read_pacs004,
    "pacs.008": read_pacs008,
    "pacs.009": read_pacs009,
    "pacs.028": read_pacs028,
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
