"""What a Document is and what its header says it is (business application header, head.001)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ledger.iso20022.errors import HeaderContradictsDocument, UnexpectedMessage, UnsupportedVersion, WrongNamespace
from ledger.iso20022.fields import Fields, safe

ISO_PREFIX = "urn:iso:std:iso:20022:tech:xsd:"
_MESSAGE = re.compile(r"([a-z]{4}\.[0-9]{3})\.001\.([0-9]{2})")
_HEADER = re.compile(r"head\.001\.001\.[0-9]{2}")


@dataclass(frozen=True, slots=True)
class BusinessHeader:
    """What a business application header says of its Document. All fields but ``version`` may be absent."""

    version: str
    message: str | None
    message_id: str | None
    sender_bic: str | None
    receiver_bic: str | None
    created_at: str | None
    service: str | None


def is_header_namespace(namespace: str) -> bool:
    """Whether an AppHdr in this namespace is a business application header."""
    return namespace.startswith(ISO_PREFIX) and _HEADER.fullmatch(namespace.removeprefix(ISO_PREFIX)) is not None


def read_header(namespace: str, fields: Fields) -> BusinessHeader:
    """The header out of its fields; what it lacks is None."""
    return BusinessHeader(
        version=namespace.removeprefix(ISO_PREFIX),
        message=fields.text("MsgDefIdr"),
        message_id=fields.text("BizMsgIdr"),
        sender_bic=fields.text("Fr/FIId/FinInstnId/BICFI"),
        receiver_bic=fields.text("To/FIId/FinInstnId/BICFI"),
        created_at=fields.text("CreDt"),
        service=fields.text("BizSvc"),
    )


def version_of(namespace: str, message: str, versions: range) -> str:
    """The version a Document's namespace names, such as ``pacs.008.001.08``.

    ``message`` is the kind wanted, empty for any. Raises WrongNamespace, UnexpectedMessage or UnsupportedVersion.
    """
    found = _MESSAGE.fullmatch(namespace.removeprefix(ISO_PREFIX)) if namespace.startswith(ISO_PREFIX) else None
    if found is None:
        raise WrongNamespace(
            "The Document is not in a namespace of ISO 20022.",
            field="Document",
            way_out=f'Declare xmlns="{ISO_PREFIX}{message or "pacs.008"}.001.08" or another version.',
        )
    if message and found[1] != message:
        raise UnexpectedMessage(
            f"The Document is a {found[1]}, a {message} is expected here.",
            field="Document",
            value=found[0],
            way_out=f"Send it where a {found[1]} is taken.",
        )
    if int(found[2]) not in versions:
        raise UnsupportedVersion(
            f"Version {found[2]} of {found[1]} is not read.",
            field="Document",
            value=found[0],
            way_out=f"Send a version from {versions[0]:02} to {versions[-1]:02}.",
        )
    return found[0]


def check_header_announces_document(header: BusinessHeader, version: str) -> str | None:
    """A note where the Document is a newer version of the message its header announces; None where they agree.

    Raises HeaderContradictsDocument where the header announces another message or a version the Document does not reach.
    """
    if header.message is None or header.message == version:
        return None
    announced, carried = _MESSAGE.fullmatch(header.message), _MESSAGE.fullmatch(version)
    if announced is None or carried is None or announced[1] != carried[1] or announced[2] > carried[2]:
        raise HeaderContradictsDocument(
            f"The header announces {safe(header.message)}, the Document is {version}.",
            field="AppHdr/MsgDefIdr",
            value=safe(header.message),
            way_out="Send the Document with the header that belongs to it.",
        )
    return f"The header announces {header.message}, the Document is the newer {version}."
