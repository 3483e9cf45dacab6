"""The ways in which header and Document come together: as elements, as characters, or one behind the other."""

from __future__ import annotations

import io
from collections.abc import Iterator
from html import escape

import pytest

from ledger.iso20022 import errors
from ledger.iso20022.fields import Limits
from ledger.iso20022.siblings import Rooted
from ledger.iso20022.xml import MessageStream, opening

PACS = "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"
HEAD = "urn:iso:std:iso:20022:tech:xsd:head.001.001.0"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
ONE = "<CdtTrfTxInf><Nm>&#x4E2D;&#x56FD; &amp; 2</Nm></CdtTrfTxInf>"
DOCUMENT = f'<Document xmlns="{PACS}"><FIToFICstmrCdtTrf>{ONE}</FIToFICstmrCdtTrf></Document>'
PART = ("FIToFICstmrCdtTrf/CdtTrfTxInf", {"Nm": "\u4e2d\u56fd & 2"})


def header(version: int = 2, message: str = "pacs.008.001.08", sender: str = "AAAAMAMC") -> str:
    bank = f"<FIId><FinInstnId><BICFI>{sender}</BICFI></FinInstnId></FIId>"
    return f'<AppHdr xmlns="{HEAD}{version}"><Fr>{bank}</Fr><BizMsgIdr>B1</BizMsgIdr><MsgDefIdr>{message}</MsgDefIdr></AppHdr>'


def cdata(text: str) -> str:
    return f"<![CDATA[{text}]]>"


WAYS = {
    "in an envelope": f"<Envelope>{header()}{DOCUMENT}</Envelope>",
    "deep in an envelope": f'<e:A xmlns:e="urn:e"><e:B>{header()}</e:B><e:C><e:D>{DOCUMENT}</e:D></e:C></e:A>',
    "one behind the other": f"{header()}{DOCUMENT}",
    "one behind the other, with a declaration each": f"{DECLARATION}\n{header()}\n{DECLARATION}\n{DOCUMENT}\n",
    "one behind the other, with comments": f"{DECLARATION}<!-- a --><!-- b -->{header()}<!-- c -->{DECLARATION}{DOCUMENT}<!-- d -->",
    "both as characters of one element": f"<E><P>{cdata(header() + DOCUMENT)}</P></E>",
    "both in an envelope that is characters": f"<E><P>{cdata(f'{DECLARATION}<In>{header()}{DOCUMENT}</In>')}</P></E>",
    "each as characters of its own": f"<E><H>{cdata(header())}</H><P>{cdata(DECLARATION + DOCUMENT)}</P></E>",
    "the Document as escaped characters": f"<E>{header()}<P>\n {escape(DECLARATION + DOCUMENT)} \n</P></E>",
}


def read(data: bytes | io.RawIOBase, limits: Limits | None = None) -> tuple[list[tuple[str, dict[str, str]]], MessageStream]:
    stream = MessageStream(data, "pacs.008", frozenset({PART[0]}), limits=limits or Limits())  # type: ignore[arg-type]
    return [(path, fields.values) for path, fields in stream], stream


@pytest.mark.parametrize("way", WAYS)
def test_header_and_document_are_found_however_they_come(way: str) -> None:
    """The same message, with the same header, in every wrapping; and its beginning alone tells the same."""
    data = WAYS[way].encode()
    parts, stream = read(data)
    assert parts == [PART]
    assert stream.header is not None
    assert (stream.version, stream.header.message_id, stream.header.sender_bic) == ("pacs.008.001.08", "B1", "AAAAMAMC")
    assert opening(data) == (stream.version, stream.header)


@pytest.mark.parametrize("way", WAYS)
def test_a_message_that_arrives_byte_by_byte_reads_the_same(way: str) -> None:
    """Wherever the network cuts it."""

    class Slow(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self.data = io.BytesIO(data)

        def read(self, _size: int = -1) -> bytes:
            return self.data.read(1)

    assert read(Slow(WAYS[way].encode()))[0] == [PART]


@pytest.mark.parametrize("way", [way for way in WAYS if "envelope" not in way])
def test_a_message_cut_off_is_never_taken_for_whole(way: str) -> None:
    """At every byte of it; where its end alone is missing it is called cut off."""
    data = WAYS[way].rstrip().removesuffix("<!-- d -->").encode()
    for length in range(len(data)):
        with pytest.raises(errors.UnreadableMessage):
            read(data[:length])
    with pytest.raises(errors.TruncatedMessage):
        read(data[:-5])


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_every_version_of_the_header_is_read(version: int) -> None:
    """What it is in is kept."""
    _, stream = read(f"<E>{header(version)}{DOCUMENT}</E>".encode())
    assert stream.header is not None
    assert stream.header.version == f"head.001.001.0{version}"


@pytest.mark.parametrize("way", WAYS)
def test_a_header_that_contradicts_its_document_is_refused_in_every_wrapping(way: str) -> None:
    """Another message, and a newer version than the Document is."""
    for announced in ("pacs.004.001.08", "pacs.008.001.09"):
        with pytest.raises(errors.HeaderContradictsDocument):
            read(WAYS[way].replace(">pacs.008.001.08<", f">{announced}<").replace("&gt;pacs.008.001.08&lt;", announced).encode())


def test_a_header_of_another_sender_is_refused() -> None:
    """The bank that the header names must be the one that the Document names; another office of it may."""
    agent = "<InstgAgt><FinInstnId><BICFI>{}</BICFI></FinInstnId></InstgAgt>"
    text = f"<E>{header()}{DOCUMENT.replace('<Nm>', agent.format('AAAAMAMCXXX') + '<Nm>')}</E>"
    assert len(read(text.encode())[0]) == 1
    with pytest.raises(errors.HeaderContradictsDocument) as refused:
        read(text.replace("AAAAMAMCXXX", "BBBBCNBJXXX").encode())
    assert refused.value.field == "FIToFICstmrCdtTrf/CdtTrfTxInf/InstgAgt/FinInstnId/BICFI"
    assert str(refused.value).startswith("The header says that 'AAAAMAMC' sends it, the Document names 'BBBBCNBJXXX'.")


def test_two_documents_are_refused_in_every_wrapping() -> None:
    """As elements, one behind the other, and one as characters beside one as elements."""
    for text in (
        f"<E>{DOCUMENT}{DOCUMENT}</E>",
        f"{header()}{DOCUMENT}{DOCUMENT}",
        f"<E>{DOCUMENT}<P>{cdata(DOCUMENT)}</P></E>",
        f"<E><P>{cdata(DOCUMENT)}</P><P>{cdata(DOCUMENT)}</P></E>",
    ):
        with pytest.raises(errors.SeveralDocuments):
            read(text.encode())


def test_characters_within_characters_are_not_opened() -> None:
    """One wrapping of that kind is what senders do; a second one is somebody who tries."""
    with pytest.raises(errors.DocumentMissing):
        read(f"<E>{escape(f'<F>{escape(DOCUMENT)}</F>')}</E>".encode())


def test_a_doctype_is_refused_in_characters_too() -> None:
    """The same parser reads what stands as characters, with the same fences."""
    bomb = f'<!DOCTYPE Document [<!ENTITY a "b">]>{DOCUMENT}'
    with pytest.raises(errors.ForbiddenDoctype):
        read(f"<E>{cdata(bomb)}</E>".encode())


def test_an_envelope_full_of_texts_that_look_like_messages_is_refused() -> None:
    """A parser for each of a million texts would keep the reader busy for minutes."""
    text = "<P>&lt;AppHdr/&gt;</P>"
    assert read(f"<E>{text * 8}{DOCUMENT}</E>".encode())[0] == [PART]
    with pytest.raises(errors.SeveralDocuments, match="More than 8 texts"):
        read(f"<E>{text * 9}{DOCUMENT}</E>".encode())


def test_a_long_document_may_stand_as_characters() -> None:
    """Longer than one text of a message may be, as long as the file is within its limit."""
    text = f"<E>{cdata(DOCUMENT.replace(ONE, ONE * 20_000))}</E>"
    assert read(text.encode(), Limits(part_characters_max=1_000))[0] == [PART] * 20_000
    with pytest.raises(errors.TooLarge):
        read(text.encode(), Limits(file_bytes_max=100_000))


def test_text_of_the_envelope_that_is_no_message_is_passed_over() -> None:
    """A signature, a note, a page of HTML."""
    assert read(f"<E><N>&lt;html&gt;1 &lt; 2</N>{DOCUMENT}</E>".encode())[0] == [PART]


def test_thousands_of_comments_before_a_header_cost_nothing() -> None:
    """They are looked through once, not in every division of them."""

    def chunks() -> Iterator[bytes]:
        yield b"<!---->" * 580 + b"<Document/>"

    assert b"".join(Rooted(chunks(), 1_000)) == b"<!---->" * 580 + b"<Document/>"
