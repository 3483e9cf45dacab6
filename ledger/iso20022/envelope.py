"""What a Document is and what its header says it is (business application header, head.001)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ledger.iso20022.errors import HeaderContradictsDocument, UnexpectedMessage, UnsupportedVersion, WrongNamespace
from ledger.iso20022.fields import Fields, safe

ISO_PREFIX = "urn:iso:std:iso:20022:tech:xsd:"
_MESSAGE = re.compile(r"([a-z]{4}\.[0-9]{3})\.001\.([0-9]{2})")
_HEADER = re.compile(r"head\.001\.001\.[0-9]{2}")
# BIC was called so in the first versions.
_INSTRUCTING = ("InstgAgt/FinInstnId/BICFI", "InstgAgt/FinInstnId/BIC")
_ASSIGNER = ("Assgnr/Agt/FinInstnId/BICFI", "Assgnr/Agt/FinInstnId/BIC")


@dataclass(frozen=True, slots=True)
class HeaderParty:
    """Whom a header names as sender or receiver. ``organisation`` is true where it is named as an organisation and not as a bank."""

    bic: str | None = None
    lei: str | None = None
    clearing_system: str | None = None
    clearing_member: str | None = None
    name: str | None = None
    organisation: bool = False


@dataclass(frozen=True, slots=True)
class BusinessHeader:
    """What a business application header says of its Document. All fields but ``version`` may be absent.

    ``message`` is the Document's version as announced, ``created_at`` and ``business_date`` are instants as they were written.
    ``market_practice`` is the registry and the id of a guideline. ``copy`` is CODU, COPY or DUPL. ``related`` are the headers of earlier
    messages that this one answers or goes on from.
    """

    version: str
    message: str | None = None
    message_id: str | None = None
    sender: HeaderParty | None = None
    receiver: HeaderParty | None = None
    created_at: str | None = None
    service: str | None = None
    character_set: str | None = None
    market_practice: tuple[str, str] | None = None
    business_date: str | None = None
    copy: str | None = None
    possible_duplicate: str | None = None
    priority: str | None = None
    related: tuple[BusinessHeader, ...] = ()

    @property
    def sender_bic(self) -> str | None:
        return self.sender.bic if self.sender is not None else None

    @property
    def receiver_bic(self) -> str | None:
        return self.receiver.bic if self.receiver is not None else None


def is_header_namespace(namespace: str) -> bool:
    """Whether an AppHdr in this namespace is a business application header."""
    return namespace.startswith(ISO_PREFIX) and _HEADER.fullmatch(namespace.removeprefix(ISO_PREFIX)) is not None


def read_header(namespace: str, fields: Fields, prefix: str = "") -> BusinessHeader:
    """The header out of its fields; what it lacks is None. ``prefix`` is where in them a related header stands."""

    def text(name: str) -> str | None:
        return fields.text(prefix + name)

    registry, guideline = text("MktPrctc/Regy"), text("MktPrctc/Id")
    return BusinessHeader(
        version=namespace.removeprefix(ISO_PREFIX),
        message=text("MsgDefIdr"),
        message_id=text("BizMsgIdr"),
        sender=_read_party(fields, prefix + "Fr"),
        receiver=_read_party(fields, prefix + "To"),
        created_at=text("CreDt"),
        service=text("BizSvc"),
        character_set=text("CharSet"),
        market_practice=(registry, guideline) if registry and guideline else None,
        business_date=text("BizPrcgDt"),
        copy=text("CpyDplct"),
        possible_duplicate=text("PssblDplct"),
        priority=text("Prty"),
        related=tuple(read_header(namespace, fields, f"{sibling}/") for sibling in ([] if prefix else fields.siblings("Rltd"))),
    )


def _read_party(fields: Fields, path: str) -> HeaderParty | None:
    """None where the header names nobody that a program could tell from another."""
    bank, organisation = f"{path}/FIId/FinInstnId", f"{path}/OrgId"
    if fields.has(bank):
        party = HeaderParty(
            bic=fields.text(f"{bank}/BICFI"),
            lei=fields.text(f"{bank}/LEI"),
            clearing_system=fields.text(f"{bank}/ClrSysMmbId/ClrSysId/Cd"),
            clearing_member=fields.text(f"{bank}/ClrSysMmbId/MmbId"),
            name=fields.text(f"{bank}/Nm"),
        )
    else:
        party = HeaderParty(
            bic=fields.text(f"{organisation}/Id/OrgId/AnyBIC") or fields.text(f"{organisation}/Id/OrgId/BICOrBEI"),
            lei=fields.text(f"{organisation}/Id/OrgId/LEI"),
            name=fields.text(f"{organisation}/Nm"),
            organisation=True,
        )
    return None if party in (HeaderParty(), HeaderParty(organisation=True)) else party


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


def check_header_names_sender(header: BusinessHeader, part: str, fields: Fields) -> None:
    """Raises HeaderContradictsDocument where a part of the Document names another bank as its sender than the header does.

    Eight characters of a BIC name the bank, the other three an office of it.
    """
    sender = header.sender_bic
    if sender is None:
        return
    for path in _ASSIGNER if part.endswith("/Assgnmt") else _INSTRUCTING:
        named = fields.text(path)
        if named is not None and named[:8] != sender[:8]:
            raise HeaderContradictsDocument(
                f"The header says that {safe(sender)} sends it, the Document names {safe(named)}.",
                field=f"{part}/{path}",
                value=safe(named),
                way_out="Send the Document with the header that belongs to it.",
            )
