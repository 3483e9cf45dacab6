"""camt.057, notification to receive: a bank announces money that it will pay in, or that somebody will.

Versions 03 to 08 are read, 06 to 08 are written. An announcement is no money: nothing is ever booked on it. What is wrong with one
announced receipt is noted with it, and the others go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import BinaryIO
from uuid import UUID

from lxml import etree

from ledger.domain.money import format_amount
from ledger.iso20022.case_elements import add_party_or_agent, version_to_write
from ledger.iso20022.case_fields import CaseFields, missing, refuse_findings
from ledger.iso20022.case_rules import CaseRule
from ledger.iso20022.cases import PartyOrAgent
from ledger.iso20022.elements import add_account, add_agent, branch, leaf, root, to_bytes
from ledger.iso20022.envelope import BusinessHeader
from ledger.iso20022.errors import ElementRepeated
from ledger.iso20022.fields import DEFAULT_LIMITS, Fields, Limits
from ledger.iso20022.parties import Account, Agent
from ledger.iso20022.rules import Finding, Rule
from ledger.iso20022.values import read_uetr, write_exact_instant
from ledger.iso20022.xml import MessageStream

VERSION = "camt.057.001.06"
WRITTEN = tuple(f"camt.057.001.{number:02}" for number in range(6, 9))
_ROOT = "NtfctnToRcv"
_HEADER, _NOTIFICATION, _ITEM = f"{_ROOT}/GrpHdr", f"{_ROOT}/Ntfctn", f"{_ROOT}/Ntfctn/Itm"


@dataclass(frozen=True, slots=True)
class Expectation:
    """Where the money is expected and from whom; it stands with a notification for all its receipts, or with each of them.

    ``account`` is the account that will be credited, at ``servicer``; ``debtor`` whoever pays, through ``debtor_agent``.
    """

    account: Account | None = None
    owner: PartyOrAgent | None = None
    servicer: Agent | None = None
    related_account: Account | None = None
    expected_on: date | None = None
    debtor: PartyOrAgent | None = None
    debtor_agent: Agent | None = None
    intermediary: Agent | None = None

    def completed_by(self, other: Expectation) -> Expectation:
        """The same, with the other's word for whatever this one leaves open."""
        return Expectation(
            account=self.account or other.account,
            owner=self.owner or other.owner,
            servicer=self.servicer or other.servicer,
            related_account=self.related_account or other.related_account,
            expected_on=self.expected_on or other.expected_on,
            debtor=self.debtor or other.debtor,
            debtor_agent=self.debtor_agent or other.debtor_agent,
            intermediary=self.intermediary or other.intermediary,
        )


@dataclass(frozen=True, slots=True)
class AnnouncedReceipt:
    """One amount that is announced, in minor units with its currency; ``index`` counts from 1 within the message.

    With ``findings`` it cannot be taken; then id and amount may be missing.
    """

    index: int
    id: str | None
    amount: tuple[int, str] | None
    expectation: Expectation = Expectation()
    end_to_end_id: str | None = None
    uetr: UUID | None = None
    purpose: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Notification:
    """Receipts that are announced together. ``total`` is what it states, in minor units with its currency."""

    id: str
    receipts: tuple[AnnouncedReceipt, ...]
    expectation: Expectation = Expectation()
    total: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """A whole camt.057."""

    message_id: str
    created_at: datetime
    notifications: tuple[Notification, ...]
    sender: PartyOrAgent | None = None
    version: str = VERSION
    header: BusinessHeader | None = None
    notes: tuple[str, ...] = ()

    @property
    def receipts(self) -> tuple[AnnouncedReceipt, ...]:
        """Every receipt in order, with its notification's word for whatever it leaves open."""
        return tuple(
            replace(receipt, expectation=receipt.expectation.completed_by(one.expectation))
            for one in self.notifications
            for receipt in one.receipts
        )


def read_camt057(source: bytes | BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Announcement:
    """The whole message. Raises an `UnreadableMessage` when it cannot be taken as a whole."""
    stream = MessageStream(source, "camt.057", frozenset({_HEADER, _NOTIFICATION, _ITEM}), range(3, 9), limits)
    header: tuple[str, datetime, PartyOrAgent | None] | None = None
    reading = _Reading()
    for path, fields in stream:
        if path == _ITEM:
            reading.items.append(fields)
        elif path == _NOTIFICATION:
            reading.take_notification(fields)
        elif header is not None:
            raise ElementRepeated("GrpHdr stands twice.", field=_HEADER, way_out="Send it once.")
        else:
            header = _read_header(fields)
    if header is None:
        raise missing(_HEADER)
    if not reading.notifications:
        raise missing(_NOTIFICATION)
    message_id, created_at, sender = header
    return Announcement(message_id, created_at, tuple(reading.notifications), sender, stream.version, stream.header, tuple(stream.notes))


def _read_header(fields: Fields) -> tuple[str, datetime, PartyOrAgent | None]:
    checked = CaseFields(fields, f"/Document/{_HEADER}")
    checked.check_repeated()
    message_id, created_at, sender = checked.text("MsgId"), checked.instant("CreDtTm"), checked.party_or_agent("MsgSndr")
    refuse_findings(checked.findings)
    if message_id is None:
        raise missing(f"{_HEADER}/MsgId")
    if created_at is None:
        raise missing(f"{_HEADER}/CreDtTm")
    return message_id, created_at, sender


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    notifications: list[Notification] = field(default_factory=list)
    items: list[Fields] = field(default_factory=list)  # of the notification that is open
    count: int = 0

    def take_notification(self, fields: Fields) -> None:
        """A notification, whose items have come before."""
        number = len(self.notifications) + 1
        xpath = f"/Document/{_NOTIFICATION}" + (f"[{number}]" if number > 1 else "")
        checked = CaseFields(fields, xpath)
        checked.check_repeated()
        name, expectation, total = checked.text("Id"), _expectation(checked), checked.amount("TtlAmt")
        if not self.items:
            raise missing(f"{xpath}/Itm")
        if name is None and not checked.findings:
            raise missing(f"{xpath}/Id")
        receipts = []
        for place, item in enumerate(self.items, 1):
            self.count += 1
            receipts.append(_receipt(CaseFields(item, f"{xpath}/Itm[{place}]"), self.count, expectation, checked.findings))
        self.notifications.append(Notification(name or "", tuple(receipts), expectation, total))
        self.items.clear()


def _expectation(checked: CaseFields) -> Expectation:
    return Expectation(
        account=checked.account("Acct"),
        owner=checked.party_or_agent("AcctOwnr"),
        servicer=checked.agent("AcctSvcr"),
        related_account=checked.account("RltdAcct"),
        expected_on=checked.day("XpctdValDt"),
        debtor=checked.party_or_agent("Dbtr"),
        debtor_agent=checked.agent("DbtrAgt"),
        intermediary=checked.agent("IntrmyAgt"),
    )


def _receipt(checked: CaseFields, index: int, of_all: Expectation, above: list[Finding]) -> AnnouncedReceipt:
    """``of_all`` and ``above`` are what the notification says, and what is wrong with it."""
    checked.check_repeated()
    name = checked.text("Id")
    if not checked.fields.text("Id"):
        checked.breach(CaseRule.RECEIPT_ID_MISSING, "Id")
    if not checked.fields.has("Amt"):
        checked.breach(CaseRule.RECEIPT_AMOUNT_MISSING, "Amt")
    amount, expectation = checked.amount("Amt"), _expectation(checked)
    if expectation.expected_on is None and of_all.expected_on is None and not checked.fields.text("XpctdValDt"):
        checked.breach(CaseRule.RECEIPT_DATE_MISSING, "XpctdValDt")
    text = checked.fields.text("UETR")
    uetr = None if text is None else read_uetr(text)
    if text is not None and uetr is None:
        checked.breach(Rule.UETR_INVALID, "UETR", text)
    return AnnouncedReceipt(
        index=index,
        id=name,
        amount=amount,
        expectation=expectation,
        end_to_end_id=checked.text("EndToEndId"),
        uetr=uetr,
        purpose=checked.text("Purp/Cd", 4),
        findings=(*checked.findings, *above),
    )


def write_camt057(announcement: Announcement, version: str | None = None) -> bytes:
    """The message in UTF-8, in ``version`` or the one it was read in, where that has the UETR; else in version 06.

    Raises ValueError for a version that is not written, or an instant without its offset.
    """
    document = root(version_to_write(version, announcement.version, WRITTEN), "Document")
    message = branch(document, _ROOT)
    header = branch(message, "GrpHdr")
    leaf(header, "MsgId", announcement.message_id)
    leaf(header, "CreDtTm", write_exact_instant(announcement.created_at))
    add_party_or_agent(header, "MsgSndr", announcement.sender)
    for one in announcement.notifications:
        element = branch(message, "Ntfctn")
        leaf(element, "Id", one.id)
        _add_where(element, one.expectation)
        _add_amount(element, "TtlAmt", one.total)
        _add_whence(element, one.expectation)
        for receipt in one.receipts:
            _add_receipt(element, receipt)
    return to_bytes(document)


def _add_receipt(parent: etree._Element, receipt: AnnouncedReceipt) -> None:
    element = branch(parent, "Itm")
    leaf(element, "Id", receipt.id)
    leaf(element, "EndToEndId", receipt.end_to_end_id)
    leaf(element, "UETR", str(receipt.uetr) if receipt.uetr is not None else None)
    _add_where(element, receipt.expectation)
    _add_amount(element, "Amt", receipt.amount)
    _add_whence(element, receipt.expectation)
    if receipt.purpose:
        leaf(branch(element, "Purp"), "Cd", receipt.purpose)


def _add_where(element: etree._Element, expectation: Expectation) -> None:
    add_account(element, "Acct", expectation.account)
    add_party_or_agent(element, "AcctOwnr", expectation.owner)
    add_agent(element, "AcctSvcr", expectation.servicer)
    add_account(element, "RltdAcct", expectation.related_account)


def _add_amount(element: etree._Element, name: str, amount: tuple[int, str] | None) -> None:
    if amount is not None:
        leaf(element, name, format_amount(*amount), Ccy=amount[1])


def _add_whence(element: etree._Element, expectation: Expectation) -> None:
    if expectation.expected_on is not None:
        leaf(element, "XpctdValDt", expectation.expected_on.isoformat())
    add_party_or_agent(element, "Dbtr", expectation.debtor)
    add_agent(element, "DbtrAgt", expectation.debtor_agent)
    add_agent(element, "IntrmyAgt", expectation.intermediary)
