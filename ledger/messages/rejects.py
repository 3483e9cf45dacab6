"""What a sender is told of a message that was refused as a whole: an admi.002, the same bytes each time."""

from __future__ import annotations

import re
from hashlib import sha256

from ledger.bootstrap import Service
from ledger.errors import KeyReused, LedgerError, Malformed, Refusal
from ledger.iso20022.admi002 import UNKNOWN_REFERENCE, VERSION, MessageReject, reject_of, write_admi002
from ledger.iso20022.envelope import BusinessHeader
from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.xml import opening
from ledger.messages.headers import framed
from ledger.privacy.received import ReceivedMessages

# Another attempt with the same bytes fails in the same way: whoever sent them must be told.
FINAL = (Malformed, Refusal, KeyReused)
_ID_MAX = 35  # Max35Text
_LOOKED_AT = 16 * 1024
_ID = re.compile(rb"<(?:[\w.-]+:)?(?:MsgId|BizMsgIdr)\s*>\s*([A-Za-z0-9/\-?:().,'+ ]{1,35}?)\s*<")


def code_of(error: LedgerError) -> str:
    """The stable word for an error: ``KeyReused`` is ``key-reused``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def write_reject(service: Service, corridor: str, actor: str, data: bytes, error: LedgerError) -> bytes:
    """The admi.002 for a message that `take_in` refused with this error; with a header, where the message had one that can be read."""
    came = ReceivedMessages(service.pool, service.vault).find(corridor, actor, data)
    at = came.came_at if came is not None else service.clock()
    if isinstance(error, UnreadableMessage):
        reject = reject_of(error, reference_in(data), at)
    else:
        field = error.field if isinstance(error, Refusal | Malformed) else ""
        reject = MessageReject(reference_in(data) or UNKNOWN_REFERENCE, code_of(error)[:_ID_MAX], at, field or None, str(error)[:350])
    return framed(write_admi002(reject), VERSION, f"RJT-{sha256(data).hexdigest()[: _ID_MAX - 4]}", at, _header(data))


def reference_in(data: bytes) -> str | None:
    """The message id of a message that may be no message at all: the first one that stands in it, as far as it is made of the letters ids
    are made of; None where there is none."""
    found = _ID.search(data, 0, _LOOKED_AT)
    return found[1].decode() if found else None


def _header(data: bytes) -> BusinessHeader | None:
    try:
        return opening(data).header
    except UnreadableMessage:
        return None
