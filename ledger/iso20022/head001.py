"""head.001, business application header: what stands before a Document and says whose it is, for whom, and what.

Read and written in versions 01 to 04. The signature it may carry is neither: messages are signed on their way, not within.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from lxml import etree

from ledger.iso20022.elements import branch, default, leaf, root, to_bytes
from ledger.iso20022.envelope import BusinessHeader, HeaderParty, check_header_announces_document
from ledger.iso20022.errors import ElementMissing
from ledger.iso20022.fields import DEFAULT_LIMITS, Limits
from ledger.iso20022.xml import MessageStream, opening

VERSIONS = tuple(f"head.001.001.{number:02}" for number in range(1, 5))
# The element that holds header and Document; readers find both by their own namespaces, whatever it is called.
ENVELOPE = "urn:swift:xsd:envelope"
_DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*\?>\s*")
# Version 01 has neither.
_SINCE_02 = ("MktPrctc", "BizPrcgDt")


def read_head001(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> BusinessHeader:
    """The header of a message, whatever its Document is. Raises UnreadableMessage; ElementMissing where there is no header."""
    stream = MessageStream(source, message="", parts=frozenset(), versions=range(1, 100), limits=limits)
    for _ in stream:
        pass
    if stream.header is None:
        raise ElementMissing(
            "The message has no business application header.", field="AppHdr", way_out="Send the Document in an envelope with its header."
        )
    return stream.header


def write_head001(header: BusinessHeader) -> bytes:
    """The header alone, in its own version. Raises ValueError for a version that is not written, or for what that version cannot say."""
    return to_bytes(_element(header))


def with_header(document: bytes, header: BusinessHeader) -> bytes:
    """An envelope with the header and the Document, whose bytes stay as they are.

    Raises ValueError when the header announces another message than the Document is.
    """
    version = opening(document).version
    if header.message != version or check_header_announces_document(header, version) is not None:
        raise ValueError(f"a header that announces {header.message} cannot stand before a {version}")
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap=default(ENVELOPE))
    envelope.append(_element(header))
    before, end, after = to_bytes(envelope).rpartition(b"</Envelope>")
    return before + _DECLARATION.sub(b"", document, count=1).rstrip() + b"\n" + end + after


def _element(header: BusinessHeader) -> etree._Element:
    if header.version not in VERSIONS:
        raise ValueError(f"{header.version} is not written, only {', '.join(VERSIONS)}")
    element = root(header.version, "AppHdr")
    _fill(element, header)
    for related in header.related:
        _fill(branch(element, "Rltd"), related)
    return element


def _fill(element: etree._Element, header: BusinessHeader) -> None:
    if header.version == VERSIONS[0] and (header.market_practice or header.business_date):
        raise ValueError(f"{header.version} has no {' and no '.join(_SINCE_02)}")
    leaf(element, "CharSet", header.character_set)
    _add_party(element, "Fr", header.sender)
    _add_party(element, "To", header.receiver)
    leaf(element, "BizMsgIdr", header.message_id)
    leaf(element, "MsgDefIdr", header.message)
    leaf(element, "BizSvc", header.service)
    if header.market_practice is not None:
        practice = branch(element, "MktPrctc")
        registry, guideline = header.market_practice
        leaf(practice, "Regy", registry)
        leaf(practice, "Id", guideline)
    leaf(element, "CreDt", header.created_at)
    leaf(element, "BizPrcgDt", header.business_date)
    leaf(element, "CpyDplct", header.copy)
    leaf(element, "PssblDplct", header.possible_duplicate)
    leaf(element, "Prty", header.priority)


def _add_party(parent: etree._Element, name: str, party: HeaderParty | None) -> None:
    """The element is required; a header that names nobody says so with an organisation about which nothing is known."""
    element = branch(parent, name)
    if party is None or party.organisation:
        organisation = branch(element, "OrgId")
        if party is not None:
            leaf(organisation, "Nm", party.name)
            if party.bic or party.lei:
                identification = branch(branch(organisation, "Id"), "OrgId")
                leaf(identification, "AnyBIC", party.bic)
                leaf(identification, "LEI", party.lei)
        return
    institution = branch(branch(element, "FIId"), "FinInstnId")
    leaf(institution, "BICFI", party.bic)
    if party.clearing_member:
        member = branch(institution, "ClrSysMmbId")
        if party.clearing_system:
            leaf(branch(member, "ClrSysId"), "Cd", party.clearing_system)
        leaf(member, "MmbId", party.clearing_member)
    leaf(institution, "LEI", party.lei)
    leaf(institution, "Nm", party.name)
