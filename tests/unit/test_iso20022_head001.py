"""Business application headers: read, written again, and put before a Document."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from ledger.iso20022 import errors
from ledger.iso20022.admi002 import MessageReject, read_admi002, reject_of, write_admi002
from ledger.iso20022.envelope import BusinessHeader, HeaderParty
from ledger.iso20022.head001 import VERSIONS, read_head001, with_header, write_head001

DOCUMENT = b"""<?xml version='1.0' encoding='UTF-8'?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:admi.002.001.01"><admi.002.001.01/></Document>
"""
HEADER = BusinessHeader(
    version="head.001.001.02",
    message="admi.002.001.01",
    message_id="B-1",
    sender=HeaderParty(
        bic="ABBMMAMCXXX", lei="5493001KJTIIGC8Y1R12", clearing_system="USABA", clearing_member="021000021", name="Al-Barid"
    ),
    receiver=HeaderParty(bic="PSBCCNBJXXX", name="\u4e2d\u56fd\u90ae\u653f", organisation=True),
    created_at="2026-03-27T09:00:00Z",
    service="corridor.01",
    character_set="UTF-8",
    market_practice=("corridor-ledger", "guideline-1"),
    business_date="2026-03-27T00:00:00Z",
    copy="DUPL",
    possible_duplicate="true",
    priority="HIGH",
    related=(
        BusinessHeader(
            version="head.001.001.02",
            message="pacs.008.001.08",
            message_id="B-0",
            sender=HeaderParty(bic="PSBCCNBJXXX"),
            created_at="2026-03-27T08:00:00Z",
        ),
    ),
)


def of_version(version: str) -> BusinessHeader:
    """The header with all that its version can say."""
    header = replace(HEADER, version=version, related=tuple(replace(one, version=version) for one in HEADER.related))
    return replace(header, market_practice=None, business_date=None) if version == VERSIONS[0] else header


@pytest.mark.parametrize("version", VERSIONS)
def test_a_header_comes_back_as_it_was_written(version: str) -> None:
    """Whole, in every version, alone before a Document and in the envelope with it."""
    header = of_version(version)
    wrapped = with_header(DOCUMENT, header)
    assert read_head001(wrapped) == header
    assert read_head001(write_head001(header) + DOCUMENT) == header


def test_a_document_keeps_its_bytes_in_the_envelope() -> None:
    """Only its XML declaration is gone: a file has one."""
    inside = DOCUMENT.partition(b"\n")[2].strip()
    wrapped = with_header(DOCUMENT, HEADER)
    assert inside in wrapped
    assert wrapped.count(b"<?xml") == 1


def test_a_header_is_not_put_before_another_document() -> None:
    """What we send must not contradict itself."""
    for message in ("pacs.008.001.08", None):
        with pytest.raises(ValueError, match=r"cannot stand before a admi\.002\.001\.01"):
            with_header(DOCUMENT, replace(HEADER, message=message))


def test_a_version_that_cannot_say_it_is_not_written() -> None:
    """Version 01 knows no market practice; version 09 is not known."""
    with pytest.raises(ValueError, match="has no MktPrctc and no BizPrcgDt"):
        write_head001(replace(HEADER, version="head.001.001.01"))
    with pytest.raises(ValueError, match=r"head\.001\.001\.09 is not written"):
        write_head001(replace(HEADER, version="head.001.001.09"))


def test_a_message_without_header_says_so() -> None:
    """Whoever asks for it gets the element's name."""
    with pytest.raises(errors.ElementMissing, match="no business application header"):
        read_head001(DOCUMENT)


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_what_is_written_is_valid_by_the_official_schema(version: str, conformance_data: Path) -> None:
    """Full, and with nothing but what must be there."""
    schema = etree.XMLSchema(etree.parse(conformance_data / "xsd" / f"{version}.xsd"))
    schema.assertValid(etree.fromstring(write_head001(of_version(version))))
    schema.assertValid(
        etree.fromstring(
            write_head001(BusinessHeader(version=version, message="admi.002.001.01", message_id="B-1", created_at="2026-03-27T09:00:00Z"))
        )
    )


def test_every_header_of_the_samples_is_read_and_written_again(conformance_data: Path) -> None:
    """As it stood, but for what is not carried; and each written one is valid where the one read was."""
    schemas = {version: etree.XMLSchema(etree.parse(conformance_data / "xsd" / f"{version}.xsd")) for version in VERSIONS[1:]}
    read, changed, invalid = 0, [], []
    for path in sorted((conformance_data / "iso20022").glob("*/*.xml")):
        try:
            header = read_head001(path.read_bytes())
        except errors.UnreadableMessage:
            continue
        read += 1
        written = write_head001(header)
        if read_head001(written + DOCUMENT.replace(b"admi.002.001.01", (header.message or "").encode())) != header:
            changed.append(path.name)
        before = next(etree.fromstring(path.read_bytes()).iter("{*}AppHdr"))
        schema = schemas[header.version]
        if schema.validate(_alone(before)) and not schema.validate(etree.fromstring(written)):
            invalid.append(path.name)
    assert (changed, invalid) == ([], [])
    assert read >= 100


def _alone(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element, with_tail=False))


REJECT = MessageReject(
    reference="ABB-1",
    reason="not-xml",
    rejected_at=datetime(2026, 3, 27, 9, 0, tzinfo=UTC),
    location="message, line 3",
    description="The message is not well-formed XML at line 3, column 7. Send XML 1.0 in UTF-8.",
    data="\u4e2d & <x>",
)


def test_a_reject_comes_back_as_it_was_written() -> None:
    """Whole, and with nothing but what must be there."""
    for reject in (REJECT, MessageReject("ABB-1", "not-xml")):
        assert read_admi002(write_admi002(reject)) == reject


def test_a_reject_says_where_and_what_to_do() -> None:
    """The code of the error, its element, its line and its sentence; a message without an id has the reference that says so."""
    error = errors.NotXml("It is no XML.", field="message", way_out="Send XML.", line=3)
    at = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
    assert reject_of(error, None, at) == MessageReject("NOTPROVIDED", "not-xml", at, "message, line 3", "It is no XML. Send XML.")
    assert reject_of(errors.NotXml("No."), "M-1", at) == MessageReject("M-1", "not-xml", at, None, "No.")


def test_a_reject_that_says_nothing_is_refused_by_the_element_it_lacks() -> None:
    """Reference and reason must be there; an instant must be one; a text keeps within its length."""
    whole = write_admi002(REJECT).decode()
    for old, new, error in (
        ("<Ref>ABB-1</Ref>", "", errors.ElementMissing),
        ("<RjctgPtyRsn>not-xml</RjctgPtyRsn>", "", errors.ElementMissing),
        ("2026-03-27T09", "2026-13-27T09", errors.ValueInvalid),
        ("ABB-1", "A" * 36, errors.ValueInvalid),
        ("admi.002.001.01>", "admi.002.001.02>", errors.ElementMissing),
    ):
        with pytest.raises(error):
            read_admi002(whole.replace(old, new).encode())


def test_a_written_reject_is_valid_by_the_official_schema(conformance_data: Path) -> None:
    """Also for the longest code and sentence that an error can have."""
    schema = etree.XMLSchema(etree.parse(conformance_data / "xsd" / "admi.002.001.01.xsd"))
    long = errors.NotXml("x" * 400, field="f" * 400)
    for reject in (REJECT, reject_of(long, "M" * 35, datetime(2026, 3, 27, tzinfo=UTC))):
        schema.assertValid(etree.fromstring(write_admi002(reject)))
