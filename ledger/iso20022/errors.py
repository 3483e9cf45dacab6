"""Why a message as a whole cannot be read.

::

    Malformed
    └── UnreadableMessage
        ├── NotXml                          not well-formed XML
        │   └── TruncatedMessage            well-formed so far, but its end is missing
        ├── ChecksumWrong                   not the bytes whose checksum came with them
        ├── ForbiddenDoctype                a DOCTYPE or entity declaration (entity bombs, external files)
        ├── TooLarge                        over a limit of bytes, elements or text
        ├── TooDeep                         elements nested over the limit
        ├── WrongMessage
        │   ├── DocumentMissing             no Document element, alone or in an envelope
        │   ├── SeveralDocuments            more than one Document, or more than one header
        │   ├── WrongNamespace              the Document is not in a namespace of ISO 20022
        │   ├── UnexpectedMessage           an ISO 20022 message, but another one than asked for
        │   ├── UnsupportedVersion          the right message in a version that is not read
        │   └── HeaderContradictsDocument   the business application header announces something else
        ├── WrongStructure
        │   ├── ElementMissing              a required element of the message, not of one transfer, is absent
        │   ├── ElementRepeated             it is there twice
        │   └── ValueInvalid                it cannot be understood
        ├── FileContradictsItself
        │   ├── TransferCountWrong          NbOfTxs is not the number of transfers
        │   └── ControlSumWrong             CtrlSum or TtlIntrBkSttlmAmt is not the sum of the transfers
        └── UnreliableStatement
            ├── BalanceMissing              no opening or no closing booked balance
            ├── StatementCurrencyMixed      balances and entries are in more than one currency
            ├── StatementDoesNotAddUp       opening balance + booked entries ≠ closing balance
            ├── StatementTotalsWrong        the statement's own summary differs from its entries
            ├── EntryRepeated               one entry stands in it twice
            └── StatementRepeated           one statement stands in the message twice

A fault of one transfer is no error of its file: see `credit_transfer.TransferFault`. Texts name the element and the way out; they
never repeat names, addresses or account numbers.
"""

from __future__ import annotations

import re
from typing import ClassVar

from ledger.errors import Malformed


class UnreadableMessage(Malformed):
    """The message cannot be taken as a whole; nothing in it may be acted on.

    ``code`` is stable and public. ``line`` is where the parser stopped, 0 where no line applies.
    """

    code: ClassVar[str] = "unreadable-message"

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def __init__(self, detail: str, *, field: str = "", value: object = "", way_out: str = "", line: int = 0) -> None:
        super().__init__(detail, field=field, value=value, way_out=way_out)
        self.line = line


class NotXml(UnreadableMessage):
    """The bytes are not well-formed XML 1.0."""


class TruncatedMessage(NotXml):
    """The bytes end before the message does."""


class ChecksumWrong(UnreadableMessage):
    """The bytes are not those whose SHA-256 came beside them."""


class ForbiddenDoctype(UnreadableMessage):
    """The message declares a document type or an entity. ISO 20022 messages never do."""


class TooLarge(UnreadableMessage):
    """The message passes a limit of size."""


class TooDeep(UnreadableMessage):
    """The message nests its elements deeper than the limit."""


class WrongMessage(UnreadableMessage):
    """Well-formed, but not the message that is wanted here."""


class DocumentMissing(WrongMessage):
    """There is no Document element."""


class SeveralDocuments(WrongMessage):
    """One file carries one Document and at most one header."""


class WrongNamespace(WrongMessage):
    """The Document is not in a namespace of ISO 20022."""


class UnexpectedMessage(WrongMessage):
    """The Document is another message than the one asked for."""


class UnsupportedVersion(WrongMessage):
    """The message is right, its version is not one that is read."""


class HeaderContradictsDocument(WrongMessage):
    """The business application header announces another message, a newer version or another sender than the Document has."""


class WrongStructure(UnreadableMessage):
    """The message lacks what holds it together."""


class ElementMissing(WrongStructure):
    """A required element of the message itself is absent or empty."""


class ElementRepeated(WrongStructure):
    """An element that stands once in the schema stands twice in the message."""


class ValueInvalid(WrongStructure):
    """An element of the message itself holds what its type does not allow."""


class FileContradictsItself(UnreadableMessage):
    """The totals a file states are not those of its transfers."""


class TransferCountWrong(FileContradictsItself):
    """NbOfTxs differs from the number of transfers in the file."""


class ControlSumWrong(FileContradictsItself):
    """CtrlSum or TtlIntrBkSttlmAmt differs from the sum of the settlement amounts."""


class UnreliableStatement(UnreadableMessage):
    """A bank statement that cannot be trusted as it stands."""


class BalanceMissing(UnreliableStatement):
    """The statement has no opening or no closing booked balance, so it cannot be checked."""


class StatementCurrencyMixed(UnreliableStatement):
    """An account statement is in the account's currency throughout."""


class StatementDoesNotAddUp(UnreliableStatement):
    """Opening balance plus booked entries is not the closing balance."""


class StatementTotalsWrong(UnreliableStatement):
    """The statement's summary of its entries is not what its entries are."""


class EntryRepeated(UnreliableStatement):
    """The same entry stands twice in one statement."""


class StatementRepeated(UnreliableStatement):
    """The same statement stands twice in one message."""
