"""What a message says of the message it is about: its id, its kind, when it was made (OriginalGroupInformation).

The kind is a name such as ``pacs.008.001.08``, or ``MT103`` where that was no ISO 20022 message.
"""

from __future__ import annotations

import re

from lxml import etree

from ledger.iso20022.checked import CheckedFields
from ledger.iso20022.elements import branch, leaf
from ledger.iso20022.rules import Rule
from ledger.iso20022.status_report import OriginalMessage
from ledger.iso20022.values import write_exact_instant

_KIND = re.compile(r"[a-z]{4}\.[0-9]{3}\.[0-9]{3}\.[0-9]{2}|MT[0-9]{3}( ?[A-Z]{3,4})?|FIN [0-9]{3}")


def read_original(checked: CheckedFields, path: str = "OrgnlGrpInf") -> OriginalMessage | None:
    """The message that stands at a path, None where there is none or it breaks a rule."""
    if not checked.fields.has(path):
        return None
    message_id = checked.text(f"{path}/OrgnlMsgId")
    message = checked.fields.text(f"{path}/OrgnlMsgNmId")
    created_at = checked.instant(f"{path}/OrgnlCreDtTm")
    if message_id is None or message is None or _KIND.fullmatch(message) is None:
        checked.breach(Rule.ORIGINAL_MESSAGE_INVALID, f"{path}/OrgnlMsgNmId", message)
        return None
    return OriginalMessage(message_id, message, created_at)


def add_original(parent: etree._Element, original: OriginalMessage | None, name: str = "OrgnlGrpInf") -> None:
    """Appends it, nothing where there is none. Raises ValueError when its instant lacks an offset."""
    if original is None:
        return
    add_original_fields(branch(parent, name), original)


def add_original_fields(element: etree._Element, original: OriginalMessage) -> None:
    """The three elements that name a message. Raises ValueError when its instant lacks an offset."""
    leaf(element, "OrgnlMsgId", original.message_id)
    leaf(element, "OrgnlMsgNmId", original.message)
    if original.created_at is not None:
        leaf(element, "OrgnlCreDtTm", write_exact_instant(original.created_at))
