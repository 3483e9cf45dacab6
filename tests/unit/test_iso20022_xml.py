"""Reading a stranger's XML: what is taken, what is refused, and by which name."""

import io
from dataclasses import dataclass

import pytest

from ledger.iso20022 import errors
from ledger.iso20022.envelope import BusinessHeader, HeaderParty
from ledger.iso20022.fields import Limits, safe
from ledger.iso20022.xml import MessageStream, identify, opening

PACS = "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"
HEAD = "urn:iso:std:iso:20022:tech:xsd:head.001.001.02"
PART = "FIToFICstmrCdtTrf/CdtTrfTxInf"
DOCUMENT = f'<Document xmlns="{PACS}"><FIToFICstmrCdtTrf><CdtTrfTxInf><A>1</A></CdtTrfTxInf></FIToFICstmrCdtTrf></Document>'


def header(message: str) -> str:
    return (
        f'<h:AppHdr xmlns:h="{HEAD}"><h:Fr><h:FIId><h:FinInstnId><h:BICFI>AAAAMAMC</h:BICFI></h:FinInstnId></h:FIId></h:Fr>'
        f"<h:BizMsgIdr>B1</h:BizMsgIdr><h:MsgDefIdr>{message}</h:MsgDefIdr>"
        "<h:Rltd><h:MsgDefIdr>camt.056.001.08</h:MsgDefIdr></h:Rltd></h:AppHdr>"
    )


@dataclass
class Read:
    parts: list[tuple[str, dict[str, str]]]
    stream: MessageStream


def read(text: str | bytes, parts: str = PART, limits: Limits | None = None) -> Read:
    data = text.encode() if isinstance(text, str) else text
    stream = MessageStream(data, "pacs.008", frozenset(parts.split()), limits=limits or Limits())
    return Read([(path, fields.values) for path, fields in stream], stream)


def test_a_document_alone_is_read_part_by_part() -> None:
    """Each part arrives with its texts by path, and the version is known."""
    text = DOCUMENT.replace("<A>1</A>", '<A>1</A><B Ccy="MAD"> 2 </B><C><D/><D>x</D></C>')
    found = read(text)
    assert found.parts == [(PART, {"A": "1", "B@Ccy": "MAD", "B": "2", "C/D[2]": "x"})]
    assert (found.stream.version, found.stream.header, found.stream.notes) == ("pacs.008.001.08", None, [])


def test_a_part_inside_a_part_comes_first_and_is_not_repeated() -> None:
    """A statement's entries leave before the statement, which keeps what is left."""
    text = DOCUMENT.replace("<A>1</A>", "<A>1</A><N><X>7</X></N><N><X>8</X></N><Z>9</Z>")
    assert read(text, f"{PART} {PART}/N").parts == [(f"{PART}/N", {"X": "7"}), (f"{PART}/N", {"X": "8"}), (PART, {"A": "1", "Z": "9"})]


def test_elements_of_a_foreign_namespace_keep_it_in_their_path() -> None:
    """A foreign Nm is never taken for the message's own."""
    text = DOCUMENT.replace("<A>1</A>", '<x:A xmlns:x="urn:other">forged</x:A>')
    assert read(text).parts == [(PART, {"{urn:other}A": "forged"})]


def test_comments_and_processing_instructions_do_not_split_a_text() -> None:
    """What is not text is left out of it."""
    assert read(DOCUMENT.replace(">1<", ">10<!-- x -->0<?y z?>0<")).parts == [(PART, {"A": "1000"})]


def test_cdata_is_text_like_any_other() -> None:
    """A CDATA section stands for its characters."""
    assert read(DOCUMENT.replace("1</A>", "<![CDATA[<1&2>]]></A>")).parts == [(PART, {"A": "<1&2>"})]


@pytest.mark.parametrize("around", ["{}", "<Envelope>{}</Envelope>", '<e:Req xmlns:e="urn:e"><e:Body>{}</e:Body></e:Req>'])
def test_a_document_is_found_in_any_envelope_with_its_header(around: str) -> None:
    """The header is read where there is one; its related header is not taken for it."""
    envelope = around.format(header("pacs.008.001.08") + DOCUMENT)
    found = read(envelope if around != "{}" else f"<R>{envelope}</R>")
    assert found.parts == [(PART, {"A": "1"})]
    assert found.stream.header == BusinessHeader(
        version="head.001.001.02",
        message="pacs.008.001.08",
        message_id="B1",
        sender=HeaderParty(bic="AAAAMAMC"),
        related=(BusinessHeader("head.001.001.02", "camt.056.001.08"),),
    )


def test_a_document_newer_than_its_header_says_is_taken_and_noted() -> None:
    """Some senders keep announcing the version they began with."""
    found = read(f"<R>{header('pacs.008.001.08')}{DOCUMENT.replace('001.08', '001.12')}</R>")
    assert found.stream.notes == ["The header announces pacs.008.001.08, the Document is the newer pacs.008.001.12."]


@pytest.mark.parametrize("announced", ["pacs.008.001.09", "pacs.002.001.10", "nonsense"])
def test_a_document_that_is_not_what_its_header_announces_is_refused(announced: str) -> None:
    """Another message, or a version the Document does not reach, before or behind the Document."""
    for text in (f"<R>{header(announced)}{DOCUMENT}</R>", f"<R>{DOCUMENT}{header(announced)}</R>"):
        with pytest.raises(errors.HeaderContradictsDocument) as refused:
            read(text)
        assert str(refused.value) == (
            f"The header announces '{announced}', the Document is pacs.008.001.08. Send the Document with the header that belongs to it."
        )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", errors.NotXml),
        ("   ", errors.NotXml),
        ("MT103 in the old days", errors.NotXml),
        (DOCUMENT.replace("</A>", "</B>"), errors.NotXml),
        (DOCUMENT + "<more/>", errors.NotXml),
        (DOCUMENT.replace("<A>1", "<A>&nbsp;"), errors.NotXml),
        (DOCUMENT.replace("<A>1", "<A>\x01"), errors.NotXml),
        (DOCUMENT[:-1], errors.TruncatedMessage),
        (DOCUMENT[:120], errors.TruncatedMessage),
        ("<Envelope/>", errors.DocumentMissing),
        (DOCUMENT.replace("Document", "Dokument"), errors.DocumentMissing),
        (f"<R>{DOCUMENT}{DOCUMENT}</R>", errors.SeveralDocuments),
        (f"<R>{header('pacs.008.001.08')}{header('pacs.008.001.08')}{DOCUMENT}</R>", errors.SeveralDocuments),
        ("<Document/>", errors.WrongNamespace),
        (DOCUMENT.replace("urn:iso:std", "urn:iso:sdt"), errors.WrongNamespace),
        (DOCUMENT.replace("001.08", "001.08.ch.02"), errors.WrongNamespace),
        (DOCUMENT.replace("pacs.008", "pacs.002"), errors.UnexpectedMessage),
        (DOCUMENT.replace("001.08", "001.01"), errors.UnsupportedVersion),
        (DOCUMENT.replace("001.08", "001.14"), errors.UnsupportedVersion),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(text: str, error: type[errors.UnreadableMessage]) -> None:
    """One error for one cause, with a way out."""
    with pytest.raises(errors.UnreadableMessage) as refused:
        read(text)
    assert type(refused.value) is error
    assert refused.value.way_out


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    """An encoding fault is told as what it is, without the bytes."""
    with pytest.raises(errors.NotXml) as refused:
        read(DOCUMENT.encode().replace(b"<A>1", b"<A>\xff\xfe"))
    assert refused.value.line == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE Document SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE Document [<!ENTITY % outer SYSTEM "http://127.0.0.1:9/x.dtd"> %outer;]>',
        "<!DOCTYPE Document>",
    ],
)
def test_a_document_type_is_refused_before_anything_in_it_is_read(declaration: str, encoding: str) -> None:
    """Entity bombs, files and network never get as far as being expanded or opened."""
    with pytest.raises(errors.ForbiddenDoctype):
        read((declaration + DOCUMENT.replace("1</A>", "&b;</A>")).encode(encoding))


def test_every_cut_of_a_message_is_refused_as_truncated() -> None:
    """Wherever a transmission stops, no part of it passes for a whole message."""
    data = f"<R>{header('pacs.008.001.08')}{DOCUMENT}</R>".encode()
    verdicts = []
    for end in range(len(data)):
        with pytest.raises(errors.NotXml) as refused:
            read(data[:end])
        verdicts.append(type(refused.value))
    assert verdicts == [errors.NotXml] + [errors.TruncatedMessage] * (len(data) - 1)


@pytest.mark.parametrize(
    ("text", "limits", "error"),
    [
        (DOCUMENT, Limits(file_bytes_max=100), errors.TooLarge),
        (DOCUMENT.replace("<A>1</A>", "<A/>" * 11), Limits(part_elements_max=10), errors.TooLarge),
        (DOCUMENT.replace("1</A>", "1" * 101 + "</A>"), Limits(part_characters_max=100), errors.TooLarge),
        (DOCUMENT.replace("<A>", f'<A Ccy="{"M" * 101}">'), Limits(part_characters_max=100), errors.TooLarge),
        (DOCUMENT.replace("1</A>", "1" * 200_000 + "</A>"), Limits(part_characters_max=1_000), errors.TooLarge),
        (DOCUMENT.replace(">1<", ">" + "<X>" * 20 + "</X>" * 20 + "<"), Limits(depth_max=20), errors.TooDeep),
        ("<R>" * 300, Limits(), errors.TooDeep),
    ],
)
def test_what_passes_a_limit_is_refused(text: str, limits: Limits, error: type[errors.UnreadableMessage]) -> None:
    """Size of the file, of a part, of a text, and depth."""
    with pytest.raises(error):
        read(text, limits=limits)


def test_a_file_object_is_read_no_further_than_its_limit() -> None:
    """A source without end is left once it passes the limit."""

    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size: int = -1) -> bytes:
            self.asked += 1
            return b" " * size

    endless = Endless()
    with pytest.raises(errors.TooLarge):
        list(MessageStream(endless, "pacs.008", frozenset(), limits=Limits(file_bytes_max=200_000)))  # type: ignore[arg-type]
    assert endless.asked == 4


def test_a_file_that_arrives_byte_by_byte_reads_the_same() -> None:
    """Where a transmission is cut into pieces changes nothing."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(1)

    text = f"<R>{header('pacs.008.001.08')}{DOCUMENT}</R>".encode()
    stream = MessageStream(Slow(text), "pacs.008", frozenset({PART}))
    assert [(path, fields.values) for path, fields in stream] == read(text).parts


def test_identify_names_any_message_of_iso_20022() -> None:
    """The kind decides where a message goes next."""
    assert identify(b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.056.001.11"/>') == "camt.056.001.11"


def test_an_error_shows_codes_and_numbers_but_no_sentence() -> None:
    """What might be a name or an address is not repeated."""
    assert [safe("100.001"), safe("MAD"), safe("Salma Berrada"), safe("x" * 41), safe("")] == ["'100.001'", "'MAD'"] + ["(not shown)"] * 3


def test_every_error_of_the_tree_stands_in_its_drawing() -> None:
    """The module's docstring shows each class once, and nothing that is not there."""

    def names(error: type[errors.UnreadableMessage]) -> list[str]:
        children = [child for child in error.__subclasses__() if child.__module__ == errors.__name__]
        return [error.__name__, *(name for child in children for name in names(child))]

    drawn = [line.replace("│", " ").split("── ")[1].split()[0] for line in (errors.__doc__ or "").splitlines() if "── " in line]
    assert sorted(drawn) == sorted(names(errors.UnreadableMessage))


def test_how_a_message_begins_is_read_without_the_rest_of_it() -> None:
    """Version and header are known from its first bytes; what is wrong further on is found by who reads it all."""
    text = f"<E>{header('pacs.008.001.08')}{DOCUMENT.removesuffix('</Document>')}" + " " * 70_000 + "</Wrong>"
    began = opening(text.encode())
    assert began.version == "pacs.008.001.08"
    assert began.header == BusinessHeader(
        version="head.001.001.02",
        message="pacs.008.001.08",
        message_id="B1",
        sender=HeaderParty(bic="AAAAMAMC"),
        related=(BusinessHeader("head.001.001.02", "camt.056.001.08"),),
    )


@pytest.mark.parametrize(("text", "error"), [("<Envelope/>", errors.DocumentMissing), ("<<", errors.NotXml), ("", errors.NotXml)])
def test_a_message_that_never_begins_is_refused_by_name(text: str, error: type[errors.UnreadableMessage]) -> None:
    """Nothing in it says what it is."""
    with pytest.raises(error):
        opening(text.encode())
