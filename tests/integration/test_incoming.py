"""The one way in for messages: each goes to who knows its kind, and sender, kind and id have one content."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError
from lxml import etree

from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.errors import KeyReused, NotPermitted, UnknownParticipant
from ledger.evidence_shown import messages_of_trail
from ledger.iso20022.admi002 import read_admi002
from ledger.iso20022.envelope import BusinessHeader, HeaderParty
from ledger.iso20022.errors import DocumentMissing, UnexpectedMessage, UnreadableMessage
from ledger.iso20022.head001 import read_head001, with_header
from ledger.iso20022.pacs008 import read_pacs008
from ledger.messages.incoming import take_in
from ledger.messages.received import Came, Incoming
from ledger.messages.rejects import write_reject
from ledger.privacy.errors import SubjectErased
from ledger.privacy.received import ReceivedMessages
from ledger.privacy.records import RecordKind
from ledger.projections.audit_trail import TrailEntry, trail
from ledger.projections.runner import Runner
from ledger.projections.snapshot import snapshot
from ledger.sandbox.generator import generate_pacs008
from tests.integration.projected import as_owner
from tests.integration.serviced import facts

PAIN001 = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn/></Document>'


def incoming(service: Service, corridor: str, actor: str, data: bytes, message: str = "camt.029", sender: str | None = None) -> Incoming:
    """A message that nobody has looked into yet; ``sender`` is whom its header names."""
    header = None if sender is None else BusinessHeader("head.001.001.02", sender=HeaderParty(bic=sender))
    terms = service.ledger(corridor).terms()
    return Incoming(
        service=service, corridor=corridor, actor=actor, terms=terms, data=data, message=message, version=f"{message}.001.09", header=header
    )


def test_a_message_goes_to_who_knows_its_kind(service: Service, corridor: str) -> None:
    """A pacs.008 is taken, and comes with its pacs.002; sent again it is known, and its answer is the same."""
    data = generate_pacs008(11, 3, facts(with_release_condition=False))

    taken = take_in(service, corridor, "abb", data)

    again = take_in(service, corridor, "abb", data)
    assert (taken.message, taken.version, taken.message_id) == ("pacs.008", "pacs.008.001.08", read_pacs008(data).group.message_id)
    assert (taken.status, taken.recognised, [item.status for item in taken.items]) == ("accepted", False, ["ACTC"] * 3)
    assert again == replace(taken, recognised=True, items=tuple(replace(item, replayed=True) for item in taken.items))


def test_a_kind_that_nobody_takes_is_refused_with_those_that_are(service: Service, corridor: str) -> None:
    """The refusal names what came and what could have come."""
    with pytest.raises(UnexpectedMessage, match=r"A pain\.001\.001\.09 is not taken here\. Send one of .*pacs\.008"):
        take_in(service, corridor, "abb", PAIN001)


def test_a_document_that_never_comes_is_refused_as_missing(service: Service, corridor: str) -> None:
    """Well-formed XML without a Document."""
    with pytest.raises(DocumentMissing):
        take_in(service, corridor, "abb", b"<Envelope/>")


def test_a_stranger_is_refused_before_anything_is_read(service: Service, corridor: str) -> None:
    """Whoever is no bank of the corridor learns nothing about the bytes."""
    with pytest.raises(UnknownParticipant):
        take_in(service, corridor, "nobody", b"not XML")


def test_sender_kind_and_id_have_one_content(service: Service, corridor: str) -> None:
    """The same bytes are recognised; other bytes are refused; another kind, or another sender, may use the same id."""
    first = incoming(service, corridor, "abb", b"one").receive("M-1", None)
    again = incoming(service, corridor, "abb", b"one").receive("M-1", "ABBMMAMC")

    assert again == Came(
        message_id="M-1",
        received_at=first.received_at,
        recognised=True,
        position=first.position,
        cause="camt.029/M-1",
        key="camt.029/M-1",
        asked=first.asked,
    )
    assert first.recognised is False
    with pytest.raises(KeyReused, match="Message id 'M-1' came before with other content"):
        incoming(service, corridor, "abb", b"two").receive("M-1", None)
    assert not incoming(service, corridor, "abb", b"two", "camt.056").receive("M-1", None).recognised
    assert not incoming(service, corridor, "psbc", b"two").receive("M-1", None).recognised
    assert not incoming(service, corridor, "bank:settlement", b"two").receive("M-1", "SETLUS33").recognised


def test_a_message_that_names_another_sender_is_refused(service: Service, corridor: str) -> None:
    """Within the Document and in its header alike; nothing is kept of it."""
    with pytest.raises(NotPermitted, match="names PSBCCNBJXXX as its sender, which is not abb"):
        incoming(service, corridor, "abb", b"one").receive("M-1", "PSBCCNBJXXX", field="Assgnmt/Assgnr")
    with pytest.raises(NotPermitted) as caught:
        incoming(service, corridor, "abb", b"one", sender="PSBCCNBJXXX").receive("M-1", "ABBMMAMCXXX")
    assert caught.value.field == "AppHdr/Fr"
    assert not incoming(service, corridor, "abb", b"two", sender="ABBMMAMCXXX").receive("M-1", None).recognised


def trail_entry(**said: Any) -> TrailEntry:
    """A step of which only its cause and actor matter."""
    return TrailEntry(**{field: said.get(field) for field in TrailEntry._fields})


def received(service: Service, corridor: str) -> list[tuple[str, str | None, str | None, str | None, bytes]]:
    """What is written down of the messages that came, with the bytes as the vault gives them back; in no order."""
    messages = ReceivedMessages(service.pool, service.vault).latest(corridor)
    bodies = [service.vault.read(message.subject)[RecordKind.MESSAGE] for message in messages]
    assert [hashlib.sha256(body).digest() for body in bodies if isinstance(body, bytes)] == [message.digest for message in messages]
    return sorted(
        [(one.sender, one.message, one.message_id, one.refused, body) for one, body in zip(messages, bodies, strict=True)],  # type: ignore[misc]
        key=repr,
    )


def test_what_came_in_is_kept_as_it_was_received(service: Service, corridor: str) -> None:
    """Taken or refused, readable or not, once for each sender; nothing of it stands in clear."""
    data = generate_pacs008(12, 2, facts(with_release_condition=False))
    message_id = take_in(service, corridor, "abb", data).message_id
    take_in(service, corridor, "abb", data)
    for sender, bad in (("abb", data[:-9]), ("abb", PAIN001), ("psbc", data), ("psbc", b"no message")):
        with pytest.raises((UnreadableMessage, NotPermitted)):
            take_in(service, corridor, sender, bad)

    assert received(service, corridor) == sorted(
        [
            ("abb", "pacs.008", message_id, None, data),
            ("abb", "pacs.008", message_id, "truncated-message", data[:-9]),
            ("abb", "pain.001", None, "unexpected-message", PAIN001),
            ("psbc", "pacs.008", message_id, "not-permitted", data),
            ("psbc", None, None, "not-xml", b"no message"),
        ],
        key=repr,
    )
    stored = service.pool.rows("SELECT ciphertext FROM vault.records WHERE kind = 'message'", {})
    assert not any(b"pacs.008" in bytes(row[0]) or b"no message" in bytes(row[0]) for row in stored)


def test_other_content_under_a_known_id_is_kept_as_refused(service: Service, corridor: str) -> None:
    """It is not written down as the message that the id stands for."""
    first = generate_pacs008(13, 2, facts(with_release_condition=False))
    other = first + b"<!-- one byte is enough -->"
    message_id = take_in(service, corridor, "abb", first).message_id
    with pytest.raises(KeyReused):
        take_in(service, corridor, "abb", other)
    assert {one[4]: (one[2], one[3]) for one in received(service, corridor)} == {
        first: (message_id, None),
        other: (message_id, "key-reused"),
    }


def test_a_message_that_was_received_is_no_orphan_and_can_be_forgotten(service: Service, corridor: str) -> None:
    """The sweep leaves it; erased, its bytes are gone and that it came still stands."""
    with pytest.raises(UnreadableMessage):
        take_in(service, corridor, "abb", b"no message")
    service.vault.sweep_orphans(lambda _ids: set(), timedelta(0))
    messages = ReceivedMessages(service.pool, service.vault)
    [kept] = messages.latest(corridor, refused_only=True)
    assert service.vault.read(kept.subject) == {RecordKind.MESSAGE: b"no message"}
    service.vault.erase(kept.subject, service.clock())
    with pytest.raises(SubjectErased):
        service.vault.read(kept.subject)
    assert messages.latest(corridor) == [kept]


def test_the_trail_of_a_transfer_shows_the_message_it_came_in(service: Service, corridor: str) -> None:
    """By its kind and id, as received; not another sender's under the same id, nor one that was refused."""
    data = generate_pacs008(18, 2, facts(with_release_condition=False))
    other = incoming(service, corridor, "psbc", b"other", "pacs.008")
    taken = take_in(service, corridor, "abb", data)
    other.receive(taken.message_id, None)
    with pytest.raises(KeyReused):
        take_in(service, corridor, "abb", data + b" ")
    Runner(service.ledger(corridor).log_store).catch_up()
    with snapshot(service.pool, corridor) as at:
        uetr = taken.items[0].uetr
        assert uetr is not None
        found = messages_of_trail(service, corridor, trail(at, uetr))
    assert [(one.sender, one.digest) for one in found] == [("abb", hashlib.sha256(data).digest())]
    step = trail_entry(cause="camt.056/X/1", actor="abb")
    note = incoming(service, corridor, "abb", b"recall", "camt.056")
    note.receive("X/1", None)
    assert [one.message_id for one in messages_of_trail(service, corridor, [step])] == ["X/1"]


def test_even_the_owner_cannot_change_what_was_received(service: Service, corridor: str) -> None:
    """Neither change nor delete nor empty the list."""
    with pytest.raises(UnreadableMessage):
        take_in(service, corridor, "abb", b"no message")
    owner = as_owner(service.owner_url)
    with closing(owner.raw.connection):
        for change in ("UPDATE vault.messages SET refused = NULL", "DELETE FROM vault.messages", "TRUNCATE vault.messages"):
            with pytest.raises(IntegrityError, match="stays as it was written down"):
                owner.execute(change)


def test_an_unreadable_message_is_answered_alike_each_time(service: Service, corridor: str) -> None:
    """By the instant it first came, with the id that stands in it, where and why; and with a header where it had one."""
    data = generate_pacs008(14, 2, facts())[:-200]
    clock = service.clock
    assert isinstance(clock, SetClock)

    def reject(data: bytes) -> bytes:
        with pytest.raises((UnreadableMessage, NotPermitted)) as caught:
            take_in(service, corridor, "psbc", data)
        return write_reject(service, corridor, "psbc", data, caught.value)

    first = reject(data)
    clock.advance(timedelta(minutes=5))
    assert reject(data) == first
    told = read_admi002(first)
    assert (told.reason, told.rejected_at) == ("truncated-message", clock() - timedelta(minutes=5))
    assert told.reference in data.decode()
    assert read_admi002(reject(b"no message")).reference == "NOTPROVIDED"

    header = BusinessHeader(
        "head.001.001.03",
        "pacs.008.001.08",
        "B-1",
        sender=HeaderParty(bic="ABBMMAMCXXX"),
        receiver=HeaderParty(bic="PSBCCNBJXXX"),
        created_at="2026-03-27T08:00:00Z",
    )
    with_one = reject(with_header(generate_pacs008(14, 2, facts()), header))
    assert read_admi002(with_one).reason == "not-permitted"
    answered = read_head001(with_one)
    assert (answered.version, answered.message, answered.sender, answered.receiver) == (
        "head.001.001.03", "admi.002.001.01", header.receiver, header.sender,
    )  # fmt: skip
    assert answered.related == (header,)


def test_a_reply_in_an_envelope_is_valid_by_the_official_schemas(service: Service, corridor: str, conformance_data: Path) -> None:
    """Header and Document each by its own; also where the header that came lacked what it must have."""
    for number, created_at in enumerate(("2026-03-27T08:00:00Z", None), start=16):
        header = BusinessHeader(
            "head.001.001.02",
            "pacs.008.001.08",
            "B-1",
            sender=HeaderParty(bic="ABBMMAMCXXX"),
            receiver=HeaderParty(bic="SETLUS33XXX"),
            created_at=created_at,
            related=(BusinessHeader("head.001.001.02", "camt.056.001.08"),),
        )
        reply = take_in(service, corridor, "abb", with_header(generate_pacs008(number, 2, facts()), header)).reply
        assert reply is not None
        envelope = etree.fromstring(reply)
        for name, version in (("AppHdr", "head.001.001.02"), ("Document", "pacs.002.001.10")):
            schema = etree.XMLSchema(etree.parse(conformance_data / "xsd" / f"{version}.xsd"))
            schema.assertValid(etree.fromstring(etree.tostring(next(envelope.iter(f"{{*}}{name}")), with_tail=False)))


def test_a_reply_has_a_header_where_the_message_had_one(service: Service, corridor: str) -> None:
    """Turned round, in the same version, naming the reply's own id; the reply itself is the same as without."""
    data = generate_pacs008(15, 2, facts(with_release_condition=False))
    bare = take_in(service, corridor, "abb", data).reply
    header = BusinessHeader(
        "head.001.001.01",
        "pacs.008.001.08",
        "B-1",
        sender=HeaderParty(bic="ABBMMAMCXXX"),
        receiver=HeaderParty(bic="SETLUS33XXX"),
        created_at="2026-03-27T08:00:00Z",
    )
    framed_data = with_header(data.replace(b"<MsgId>", b"<MsgId>X", 1), header)
    taken = take_in(service, corridor, "abb", framed_data)

    assert bare is not None
    assert taken.reply is not None
    answered = read_head001(taken.reply)
    assert (answered.version, answered.message, answered.receiver, answered.created_at) == (
        "head.001.001.01", "pacs.002.001.10", header.sender, "2026-03-27T08:00:00Z",
    )  # fmt: skip
    assert f"<MsgId>{answered.message_id}</MsgId>".encode() in taken.reply
    assert taken.message_id.startswith("X")
