"""Published recalls, each in a corridor of its own banks and currency: the transfer goes out, is asked back, and is answered every way.

Where the transfer's own message is published too it is sent as it is; else our generator makes one under the UETR that the recall names.
The answers of the creditor agent are ours to write: none is published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from lxml import etree

from ledger import commands as c
from ledger.bootstrap import Service
from ledger.iso20022.camt029 import read_camt029, write_camt029
from ledger.iso20022.camt056 import Recall, RecalledTransfer, read_camt056
from ledger.iso20022.cases import Assignment, CaseReason
from ledger.iso20022.credit_transfer import Product
from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.pacs008 import read_pacs008, write_pacs008
from ledger.iso20022.parties import Agent
from ledger.iso20022.resolution import AnsweredTransfer, CancellationDetails, RecallAnswer, Resolution
from ledger.messages.incoming import take_in
from ledger.messages.taken import Taken
from ledger.sandbox.generator import CorridorFacts, generate_transfers, group_of
from tests.acceptance.message_corridor import RECEIVER, SENDER, MessageCorridor, message_terms
from tests.conftest import fresh_corridor


class Published(NamedTuple):
    """A published recall of one transfer, and the transfer's own message: published, or made."""

    name: str
    data: bytes
    recall: Recall
    transfer: RecalledTransfer
    first: bytes
    receiver: str
    made: bool


@pytest.fixture(scope="module")
def published(conformance_data: Path) -> list[Published]:
    """Every recall among the published messages that asks one transfer back."""
    folder = conformance_data / "iso20022"
    found = []
    for path in sorted(folder.glob("*/*.xml")):
        data = path.read_bytes()
        try:
            recall = read_camt056(data)
        except UnreadableMessage:
            continue
        if len(recall.transfers) == 1 and not recall.transfers[0].findings and recall.transfers[0].original.amount is not None:
            [transfer] = recall.transfers
            found.append(Published(path.name, data, recall, transfer, *_first_message(path, recall, transfer)))
    return found


def _first_message(path: Path, recall: Recall, asked: RecalledTransfer) -> tuple[bytes, str, bool]:
    """The pacs.008 that stands beside the recall, of the same use case and with its UETR, or one of ours; its creditor agent; whether
    it is ours."""
    use_case = path.name.partition("__")[0]
    for beside in sorted(path.parent.glob(f"{use_case}__*pacs*008*.xml")):
        file = read_pacs008(beside.read_bytes())
        if [one.uetr for one in file.transfers] == [asked.uetr]:
            return beside.read_bytes(), file.transfers[0].creditor_agent.bic or "", False
    sender, receiver = recall.assignment.assigner.bic or "", recall.assignment.assignee.bic or ""
    day = asked.original.settlement_date or date(2026, 3, 27)
    assert asked.original.amount is not None and asked.uetr is not None
    minor, currency = asked.original.amount
    facts = CorridorFacts(
        debtor_agent_bic=sender,
        creditor_agent_bic=receiver,
        settlement_date=day,
        opens_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
        instructed_currency=currency,
        products=((Product.ACCOUNT_TO_ACCOUNT, 1),),
        purposes=(("CASH", ()),),
        with_release_condition=False,
    )
    [made] = generate_transfers(1, 1, facts)
    made = replace(
        made,
        uetr=asked.uetr,
        instructed_minor=minor,
        settlement_minor=minor,
        settlement_currency=currency,
        instruction_id=asked.original.instruction_id,
        end_to_end_id=asked.original.end_to_end_id or made.end_to_end_id,
        debtor_agent=Agent(bic=sender),
        creditor_agent=Agent(bic=receiver),
    )
    return write_pacs008(group_of(1, 1, facts), [made]), receiver, True


class Story:
    """One published recall on its way: ``corridor`` was made for it."""

    def __init__(self, service: Service, one: Published) -> None:
        self.one = one
        assert one.transfer.original.amount is not None and one.transfer.uetr is not None
        self.uetr = one.transfer.uetr
        sender, currency = one.recall.assignment.assigner.bic or "", one.transfer.original.amount[1]
        self.corridor = MessageCorridor(service, message_terms(fresh_corridor(), sender, one.receiver, currency, ("", "CASH")))
        assert [item.status for item in self.take(SENDER, one.first).items] == ["ACTC"], one.name

    def take(self, actor: str, data: bytes) -> Taken:
        return take_in(self.corridor.service, self.corridor.code, actor, data)

    def recall(self) -> Taken:
        """The published message, with its envelope and header."""
        return self.take(SENDER, self.one.data)

    def answer(self, answer: RecallAnswer, message: str) -> list[str]:
        """The creditor agent's camt.029; the status of what it answers."""
        asked = self.one.recall.assignment
        transfer = AnsweredTransfer(
            index=1,
            original=self.one.transfer.original,
            case=self.one.transfer.case,
            status=answer.transfer_status,
            reasons=(CaseReason(code="CUST"),) if answer is RecallAnswer.REFUSED else (),
        )
        assigner = replace(asked.assignee, agent=Agent(bic=self.one.receiver))
        resolution = Resolution(
            Assignment(message, assigner, asked.assigner, asked.created_at + timedelta(hours=1)),
            (CancellationDetails((transfer,)),),
            confirmation=answer.confirmation,
        )
        return [item.status for item in self.take(RECEIVER, write_camt029(resolution)).items]

    def stands(self) -> tuple[str, list[str]]:
        """The transfer's state, and how its recalls stand."""
        transfer = self.corridor.transfer(self.uetr)
        return transfer.state, list(transfer.recalls.values())


@pytest.fixture
def stories(published: list[Published], service: Service) -> Callable[[], Iterator[Story]]:
    """Begins the story of every published recall."""
    return lambda: (Story(service, one) for one in published)


def test_published_recalls_are_taken_and_answered(stories: Callable[[], Iterator[Story]], conformance_data: Path) -> None:
    """Each is asked back from the creditor agent; the reply names its case, is valid, and goes back to who sent it."""
    made = []
    for story in stories():
        taken, asked = story.recall(), story.one.recall.assignment
        assert (story.one.name, [(item.status, item.rule) for item in taken.items]) == (story.one.name, [("PDNG", "")])
        assert taken.reply is not None
        reply = read_camt029(taken.reply)
        [transfer] = reply.transfers
        assert (reply.confirmation, transfer.uetr, transfer.case and transfer.case.id, transfer.status) == (
            "PDCR",
            story.uetr,
            story.one.transfer.case and story.one.transfer.case.id,
            "PDCR",
        )
        assert (reply.assignment.assigner, reply.assignment.assignee) == (asked.assignee, asked.assigner)
        schema = etree.XMLSchema(etree.parse(str(conformance_data / "xsd" / f"{reply.version}.xsd")))
        [document] = etree.fromstring(taken.reply).iter("{*}Document")
        schema.assertValid(document)
        assert story.stands() == ("dispatched", ["open"])
        made.append(story.one.made)
    assert len(made) >= 5 and not all(made)


def test_a_published_recall_that_is_agreed_brings_the_money_home(stories: Callable[[], Iterator[Story]]) -> None:
    """camt.056, then camt.029 CNCL."""
    for story in stories():
        story.recall()
        assert (story.one.name, story.answer(RecallAnswer.AGREED, "A1"), story.stands()) == (
            story.one.name,
            ["ACCP"],
            ("refunded", ["agreed"]),
        )


def test_a_published_recall_that_is_refused_lets_the_payment_go_on(stories: Callable[[], Iterator[Story]]) -> None:
    """camt.056, then camt.029 RJCR; the creditor is paid."""
    for story in stories():
        story.recall()
        assert (story.one.name, story.answer(RecallAnswer.REFUSED, "A1")) == (story.one.name, ["ACCP"])
        story.corridor.do(c.PayTransfer, RECEIVER, uetr=story.uetr)
        assert story.stands() == ("paid", ["declined"])


def test_a_published_recall_may_wait_for_its_answer(stories: Callable[[], Iterator[Story]]) -> None:
    """camt.056, camt.029 PDCR, then camt.029 CNCL."""
    for story in stories():
        story.recall()
        assert (story.one.name, story.answer(RecallAnswer.PENDING, "A1"), story.stands()) == (
            story.one.name,
            ["ACCP"],
            ("dispatched", ["open"]),
        )
        assert (story.answer(RecallAnswer.AGREED, "A2"), story.stands()) == (["ACCP"], ("refunded", ["agreed"]))


def test_a_published_recall_that_comes_after_payment_is_refused_and_the_money_returned(stories: Callable[[], Iterator[Story]]) -> None:
    """The creditor has it: camt.029 RJCR, and later the whole of it comes back of the creditor agent's own accord."""
    for story in stories():
        story.corridor.do(c.PayTransfer, RECEIVER, uetr=story.uetr)
        story.recall()
        assert (story.one.name, story.answer(RecallAnswer.REFUSED, "A1"), story.stands()) == (
            story.one.name,
            ["ACCP"],
            ("paid", ["declined"]),
        )
        assert story.one.transfer.original.amount is not None
        story.corridor.do(
            c.ReturnTransfer, RECEIVER, uetr=story.uetr, return_id="RET-1", amount=story.one.transfer.original.amount[0], reason="FOCR"
        )
        assert story.stands() == ("returned", ["declined"])
