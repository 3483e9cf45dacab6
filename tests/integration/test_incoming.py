"""The one way in for messages: each goes to who knows its kind, and sender, kind and id have one content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.bootstrap import Service
from ledger.errors import KeyReused, NotPermitted, UnknownParticipant
from ledger.iso20022.envelope import BusinessHeader, HeaderParty
from ledger.iso20022.errors import DocumentMissing, UnexpectedMessage
from ledger.messages.credit_transfers import import_credit_transfers
from ledger.messages.incoming import take_in
from ledger.messages.received import Came, Incoming
from ledger.sandbox.generator import generate_pacs008
from tests.integration.serviced import facts, friday_clock, open_corridor, settings_of

PAIN001 = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn/></Document>'


@pytest.fixture(scope="module")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the master key of this file's database lies."""
    return tmp_path_factory.mktemp("incoming")


@pytest.fixture
def service(module_database_url: str, key_folder: Path, corridor: str) -> Iterator[Service]:
    """A service with an open, funded corridor of this test alone."""
    with Service(settings_of(module_database_url, key_folder), clock=friday_clock()) as service:
        open_corridor(service, corridor)
        yield service


def incoming(service: Service, corridor: str, actor: str, data: bytes, message: str = "camt.029", sender: str | None = None) -> Incoming:
    """A message that nobody has looked into yet; ``sender`` is whom its header names."""
    header = None if sender is None else BusinessHeader("head.001.001.02", sender=HeaderParty(bic=sender))
    terms = service.ledger(corridor).terms()
    return Incoming(
        service=service, corridor=corridor, actor=actor, terms=terms, data=data, message=message, version=f"{message}.001.09", header=header
    )


def test_a_message_goes_to_who_knows_its_kind(service: Service, corridor: str) -> None:
    """A pacs.008 is taken as import does, and comes with its pacs.002."""
    data = generate_pacs008(11, 3, facts(with_release_condition=False))

    taken = take_in(service, corridor, "abb", data)

    report = import_credit_transfers(service, corridor, "abb", data)
    assert (taken.message, taken.version, taken.message_id) == ("pacs.008", "pacs.008.001.08", report.message_id)
    assert (taken.status, taken.recognised, [item.status for item in taken.items]) == ("accepted", False, ["ACSP"] * 3)
    assert taken.position == report.position
    assert taken.reply == report.to_pacs002()


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
