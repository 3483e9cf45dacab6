"""Messages damaged in every way a stranger, a broken line or a careless program may damage them. One seed, one damaged message."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy

from lxml import etree

ISO = "urn:iso:std:iso:20022:tech:xsd:"
SPLINTERS = (
    b"<", b"</", b"/>", b"&", b"&#0;", b"&#xD800;", b"&lt;", b"&nothing;", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?", b"\x00",
    b"\xff\xfe", b"\xef\xbb\xbf", b"-1", b"1e9", b"NaN", b"9" * 40, b"=", b'"', b" xmlns=''", b"\r\n", b">", b"<Document", b"</Document>",
    b"<AppHdr/>",
)  # fmt: skip
TEXTS = (
    "", " ", "\n\t ", "0", "-0", "-1", "+5", ".", ".5", "5.", "0.000000000000000001", "1e400", "NaN", "Infinity", "1,000.00", "٣٤", "１２",
    "9" * 18, "9" * 5_000, "0" * 5_000 + "1", "1." + "0" * 5_000, "true", "null", "None", "../../etc/passwd", "'; DROP TABLE events; --",
    "%s%s%n", "{0.__class__}", "<b>x</b>", "&amp;", "\u202eabc", "\ufeff", "\u0000".replace("\0", "\ufffd"), "a\u0300" * 200, "王" * 141,
    "𐍈" * 36, "x" * 36, "x" * 71, "x" * 141, "x" * 100_000, "/a", "a//b", "a/", "0000-00-00", "0000-01-01", "9999-12-31", "10000-01-01",
    "2026-02-30", "2026-03-27Z", "2026-03-27+14:00", "2026-03-27T24:00:00", "2026-03-27T23:59:60Z", "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00", "2026-03-27T00:00:00+99:99", "2026-03-27T10:00:00.123456789123456789", "-2026-03-27", "AAAAMAMC",
    "AAAAMAMCXXX", "aaaamamc", "MA64350192537885096825410525", "MA00", "XX" + "A" * 32, "5493001KJTIIGC8Y1R12", "MAD", "XXX", "JPY",
    "BHD", "xxx", "ZZ", "00000001-1111-4222-8333-444444444444", "CRDT", "DBIT", "BOOK", "RJCT", "PDNG", "NARR", "pacs.008.001.08",
    "pacs.999.001.99", "camt.056",
)  # fmt: skip
NAMES = (
    "Document", "AppHdr", "GrpHdr", "MsgId", "CdtTrfTxInf", "TxInf", "Stmt", "Ntry", "NtryDtls", "TxDtls", "Bal", "Amt", "Cd", "Prtry",
    "Id", "Othr", "PstlAdr", "AdrLine", "SplmtryData", "Envlp", "PmtId", "UETR", "StsRsnInf", "OrgnlGrpInf", "Undrlyg", "Assgnmt", "Case",
    "X", "é",
)  # fmt: skip
NAMESPACES = ("", "urn:x", f"{ISO}pacs.008.001.08", f"{ISO}camt.053.001.02", f"{ISO}head.001.001.02", "http://www.w3.org/1999/xlink")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)

Damage = Callable[[bytes, random.Random], bytes]


def hostile(message: bytes, seed: object) -> bytes:
    """The message after one to four damages; the same for the same seed."""
    dice = random.Random(repr(seed))  # the seed decides, on every machine alike
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4))):
        message = dice.choice(DAMAGES)(message, dice)
    return message


# Bytes


def flip_bits(message: bytes, dice: random.Random) -> bytes:
    """A few bits fall over."""
    damaged = bytearray(message)
    for _ in range(dice.randint(1, 8) if damaged else 0):
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def splinter(message: bytes, dice: random.Random) -> bytes:
    """A stretch is replaced by something that means something else."""
    start = dice.randint(0, len(message))
    return message[:start] + dice.choice(SPLINTERS) + message[start + dice.randint(0, 40) :]


def cut(message: bytes, dice: random.Random) -> bytes:
    """The line went down, at either end."""
    at = dice.randint(0, len(message))
    return message[:at] if dice.random() < 0.8 else message[at:]


def stutter(message: bytes, dice: random.Random) -> bytes:
    """A stretch comes twice, or the whole of it."""
    start = dice.randint(0, len(message))
    end = min(len(message), start + dice.choice((1, 10, 100, 1_000, 10_000_000)))
    return message[:end] + message[start:end] + message[end:]


def other_encoding(message: bytes, dice: random.Random) -> bytes:
    """Other bytes for the same characters, with a declaration that is right, wrong or absent."""
    text = message.decode("utf-8", errors="replace").split("?>", 1)[-1]
    encoding = dice.choice(("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-7", "cp037", "gb18030"))
    declared = dice.choice((encoding, "UTF-8", "US-ASCII", "EBCDIC", "nonsense", "UTF-16", ""))
    declaration = f'<?xml version="{dice.choice(("1.0", "1.1", "2.0"))}" encoding="{declared}"?>' if declared else ""
    return (declaration + text).encode(encoding, errors="xmlcharrefreplace" if encoding in {"latin-1", "cp1252"} else "ignore")


# What XML can do and messages must not


def doctype(message: bytes, dice: random.Random) -> bytes:
    """A document type with entities: nested, external, of parameters."""
    declarations = dice.choice(
        (
            b"<!DOCTYPE Document>",
            b'<!DOCTYPE Document SYSTEM "file:///etc/passwd">',
            b'<!DOCTYPE D [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>',
            b'<!DOCTYPE D [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]>',
            b'<!DOCTYPE D [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
            b'<!DOCTYPE D [<!ATTLIST D x CDATA "default">]>',
        )
    )
    before, found, after = message.partition(b"?>")
    body = after if found else message
    place = body.find(b">", dice.randint(0, len(body))) + 1
    return (before + found if found else b"") + declarations + body[:place] + dice.choice((b"", b"&c;", b"&x;")) + body[place:]


def deep(message: bytes, dice: random.Random) -> bytes:
    """Elements in elements, around the message or within it."""
    depth = dice.choice((10, 49, 300, 5_000))
    name = dice.choice((b"E", b"Envelope", b"Document", b"Othr"))
    if dice.random() < 0.5:
        return (b"<" + name + b">") * depth + message.split(b"?>", 1)[-1] + (b"</" + name + b">") * depth
    place = message.find(b">", dice.randint(0, len(message))) + 1
    return message[:place] + (b"<" + name + b">") * depth + (b"</" + name + b">") * depth + message[place:]


def heavy(message: bytes, dice: random.Random) -> bytes:
    """One attribute, comment, processing instruction or text of a hundred kilobytes, or ten thousand attributes."""
    weight = b"x" * 100_000
    place = message.find(b">", dice.randint(0, len(message)))
    attributes = b" a='" + weight + b"'", b"".join(b" a%d='1'" % number for number in range(10_000))
    inserted = dice.choice((*attributes, b"><!--" + weight + b"--", b"><?p " + weight + b"?", b">" + weight + b"<E/"))
    return message[:place] + inserted + message[place:] if place > 0 else message + weight


def wrapped(message: bytes, dice: random.Random) -> bytes:
    """As characters in an envelope, once or twice, or behind a header that announces something."""
    body = message.split(b"?>", 1)[-1]
    announced = dice.choice((b"pacs.008.001.08", b"pacs.002.001.10", b"camt.053.001.13", b"x", b""))
    head = b'<AppHdr xmlns="' + ISO.encode() + b'head.001.001.02"><MsgDefIdr>' + announced + b"</MsgDefIdr></AppHdr>"
    text = body.replace(b"]]>", b"]]]]><![CDATA[>")
    return dice.choice(
        (
            b"<E><B><![CDATA[" + text + b"]]></B></E>",
            b"<E><B><![CDATA[<E><![CDATA[" + text.replace(b"]]>", b"]]]]><![CDATA[>") + b"]]]]><![CDATA[></E>]]></B></E>",
            b"<E>" + body.replace(b"&", b"&amp;").replace(b"<", b"&lt;") + b"</E>",
            head + message,
            head + head + body,
            b"<E>" + head + body + b"</E>",
            b"<E>" + body + head + b"</E>",
            b"<E>" + body + body + b"</E>",
        )
    )


# Trees


def _on_tree(change: Callable[[etree._Element, random.Random], None]) -> Damage:
    def damage(message: bytes, dice: random.Random) -> bytes:
        try:
            tree = etree.fromstring(message, _PARSER)
        except (etree.XMLSyntaxError, ValueError):
            return splinter(message, dice)
        change(tree, dice)
        return etree.tostring(tree, xml_declaration=True, encoding="UTF-8")

    damage.__name__ = change.__name__
    return damage


def _one(tree: etree._Element, dice: random.Random) -> etree._Element:
    return dice.choice(list(tree.iter(etree.Element)))


def _leaf(tree: etree._Element, dice: random.Random) -> etree._Element:
    return dice.choice([element for element in tree.iter(etree.Element) if len(element) == 0])


def drop(tree: etree._Element, dice: random.Random) -> None:
    """An element is missing, or all of its name."""
    element = _one(tree, dice)
    for one in list(tree.iter(element.tag)) if dice.random() < 0.2 else [element]:
        parent = one.getparent()
        if parent is not None:
            parent.remove(one)


def double(tree: etree._Element, dice: random.Random) -> None:
    """An element stands twice or a hundred times."""
    element = _one(tree, dice)
    parent = element.getparent()
    if parent is not None and len(etree.tostring(element)) < 5_000:
        for _ in range(dice.choice((1, 1, 2, 100))):
            parent.insert(dice.randint(0, len(parent)), deepcopy(element))


def move(tree: etree._Element, dice: random.Random) -> None:
    """An element stands elsewhere."""
    element, target = _one(tree, dice), _one(tree, dice)
    if element is not tree and element is not target and element not in target.iterancestors():
        target.insert(dice.randint(0, len(target)), element)


def rename(tree: etree._Element, dice: random.Random) -> None:
    """An element has another name, or stands in another namespace."""
    element = _one(tree, dice)
    found = etree.QName(element)
    namespace = found.namespace or "" if dice.random() < 0.7 else dice.choice(NAMESPACES)
    name = dice.choice(NAMES) if dice.random() < 0.7 else found.localname
    element.tag = f"{{{namespace}}}{name}" if namespace else name


def retext(tree: etree._Element, dice: random.Random) -> None:
    """One to five texts say something else."""
    for _ in range(dice.randint(1, 5)):
        _leaf(tree, dice).text = dice.choice(TEXTS)


def reattribute(tree: etree._Element, dice: random.Random) -> None:
    """An attribute says something else, or is gone, or is where none stands."""
    having = [element for element in tree.iter(etree.Element) if element.attrib]
    element = dice.choice(having) if having and dice.random() < 0.7 else _one(tree, dice)
    if dice.random() < 0.3:
        element.attrib.clear()
    else:
        element.set(dice.choice(("Ccy", "Ccy", "schmeNm", "{urn:x}Ccy")), dice.choice(TEXTS))


def add_child(tree: etree._Element, dice: random.Random) -> None:
    """A text has an element within it."""
    etree.SubElement(_leaf(tree, dice), dice.choice(NAMES)).text = dice.choice(TEXTS)


DAMAGES: tuple[Damage, ...] = (
    flip_bits, splinter, splinter, cut, stutter, other_encoding, doctype, deep, heavy, wrapped,
    *map(_on_tree, (drop, drop, double, double, move, move, rename, rename, retext, retext, retext, reattribute, add_child)),
)  # fmt: skip
