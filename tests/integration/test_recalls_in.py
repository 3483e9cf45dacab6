"""Recalls and the answers to them as messages: cancelled before dispatch, asked back after it, and only a yes brings the money home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from ledger import commands as c
from ledger.answers import Answer
from ledger.application import Asked, Ledger
from ledger.bootstrap import Service
from ledger.domain.transfer import Transfer
from ledger.errors import KeyReused, NotPermitted
from ledger.iso20022.camt029 import read_camt029, write_camt029
from ledger.iso20022.camt056 import Recall, RecalledTransfer, Underlying, read_camt056, write_camt056
from ledger.iso20022.cases import Assignment, Case, CaseReason, OriginalTransfer, PartyOrAgent
from ledger.iso20022.credit_transfer import CreditTransfer
from ledger.iso20022.errors import UnreadableMessage
from ledger.iso20022.pacs002 import read_pacs002
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.iso20022.parties import Agent
from ledger.iso20022.resolution import AnsweredTransfer, CancellationDetails, RecallAnswer, Resolution
from ledger.messages import asking
from ledger.messages.incoming import take_in
from ledger.messages.outgoing import messages_after
from ledger.messages.taken import Outcome, Taken
from ledger.sandbox.generator import generate_transfers, group_of
from tests.integration.serviced import facts

SEED = 29
ABB, PSBC = PartyOrAgent(agent=Agent(bic="ABBMMAMCXXX")), PartyOrAgent(agent=Agent(bic="PSBCCNBJXXX"))
NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
STRANGER = UUID("0000ffff-1111-4222-8333-444444444444")


class Story:
    """Two banks of a corridor that exchange messages with it."""

    def __init__(self, service: Service, corridor: str) -> None:
        self.service, self.corridor = service, corridor
        terms = service.ledger(corridor).terms()
        self.bics = {name: participant.bic for name, participant in terms.participants.items()}

    def send(self, count: int = 1, *, waiting: bool = False) -> list[CreditTransfer]:
        """Transfers from abb to psbc, dispatched, or waiting for their release condition."""
        made = [one for one in generate_transfers(SEED, 400, facts()) if (one.release_condition is not None) == waiting]
        transfers = [replace(one, index=number) for number, one in enumerate(made[:count], 1)]
        report = take_in(self.service, self.corridor, "abb", write_pacs008(group_of(SEED, count, facts()), transfers))
        assert [one.status for one in report.items] == ["ACTC"] * count
        return transfers

    def recall(self, *uetrs: UUID, case: str = "C1", message: str = "R1", actor: str = "abb", version: str = "camt.056.001.08") -> Taken:
        """abb asks for these back."""
        return take_in(self.service, self.corridor, actor, recall_of(*uetrs, case=case, message=message, version=version))

    def answer(
        self, uetr: UUID, answer: RecallAnswer, *, case: str = "C1", message: str = "A1", reason: str = "", actor: str = "psbc"
    ) -> Taken:
        """psbc answers a recall."""
        return take_in(self.service, self.corridor, actor, answer_of(uetr, answer, case=case, message=message, reason=reason))

    def do(self, command: c.Command) -> None:
        answer = self.service.ledger(self.corridor).execute(command)
        assert answer.refusal is None, answer.refusal

    def pay(self, uetr: UUID) -> None:
        self.do(c.PayTransfer(corridor=self.corridor, actor="psbc", idempotency_key=f"pay-{uetr}", uetr=uetr))

    def stands(self, uetr: UUID) -> tuple[str, dict[str, str]]:
        """State and recalls of a transfer, from the log."""
        transfer = self.service.ledger(self.corridor).repository.get(uetr)
        assert isinstance(transfer, Transfer)
        return transfer.state, dict(transfer.recalls)

    def head(self) -> int:
        return self.service.ledger(self.corridor).log_store.head().position


@pytest.fixture
def story(service: Service, corridor: str) -> Story:
    """The two banks."""
    return Story(service, corridor)


def recall_of(*uetrs: UUID, case: str = "C1", message: str = "R1", version: str = "camt.056.001.08") -> bytes:
    """A camt.056 of abb."""
    transfers = tuple(
        RecalledTransfer(number, OriginalTransfer(uetr=uetr), Case(case, ABB), reasons=(CaseReason("DUPL"),))
        for number, uetr in enumerate(uetrs, 1)
    )
    return write_camt056(Recall(Assignment(message, ABB, PSBC, NOON), (Underlying(transfers),)), version)


def answer_of(uetr: UUID, answer: RecallAnswer, *, case: str = "C1", message: str = "A1", reason: str = "") -> bytes:
    """A camt.029 of psbc."""
    transfer = AnsweredTransfer(
        index=1,
        original=OriginalTransfer(uetr=uetr),
        case=Case(case, ABB),
        status=answer.transfer_status,
        reasons=(CaseReason(reason),) if reason else (),
    )
    return write_camt029(
        Resolution(Assignment(message, PSBC, ABB, NOON), (CancellationDetails((transfer,)),), confirmation=answer.confirmation)
    )


def said(taken: Taken) -> tuple[str | None, list[tuple[str | None, str | None, str]]]:
    """What a camt.029 of ours says: as a whole, and of each transfer its status, case and reason."""
    assert taken.reply is not None
    resolution = read_camt029(taken.reply)
    return resolution.confirmation, [(one.status, one.case.id if one.case else None, one.reason) for one in resolution.transfers]


def told(taken: Taken) -> list[tuple[str, str]]:
    """Status and rule of each transaction."""
    return [(item.status, item.rule) for item in taken.items]


def test_a_recall_that_is_agreed_brings_the_money_home(story: Story) -> None:
    """abb asks, psbc says yes: only then the transfer is cancelled and refunded."""
    [transfer] = story.send()

    asked = story.recall(transfer.uetr)
    assert (told(asked), said(asked)) == ([("PDNG", "")], ("PDCR", [("PDCR", "C1", "ARPL")]))
    assert story.stands(transfer.uetr) == ("dispatched", {"C1": "open"})

    answered = story.answer(transfer.uetr, RecallAnswer.AGREED)
    assert (told(answered), answered.status, answered.position) == ([("ACCP", "")], "accepted", story.head())
    assert story.stands(transfer.uetr) == ("refunded", {"C1": "agreed"})


def test_a_recall_that_is_refused_changes_nothing(story: Story) -> None:
    """The reason stands in the log; psbc may still pay."""
    [transfer] = story.send()
    story.recall(transfer.uetr)
    assert told(story.answer(transfer.uetr, RecallAnswer.REFUSED, reason="CUST")) == [("ACCP", "")]
    assert story.stands(transfer.uetr) == ("dispatched", {"C1": "declined"})
    story.pay(transfer.uetr)
    assert story.stands(transfer.uetr) == ("paid", {"C1": "declined"})


def test_a_pending_answer_is_noted_and_a_later_one_decides(story: Story) -> None:
    """PDCR leaves no event; the yes that follows in a message of its own cancels."""
    [transfer] = story.send()
    story.recall(transfer.uetr)
    before = story.head()
    assert told(story.answer(transfer.uetr, RecallAnswer.PENDING)) == [("ACCP", "")]
    assert (story.stands(transfer.uetr), story.head()) == (("dispatched", {"C1": "open"}), before)
    assert told(story.answer(transfer.uetr, RecallAnswer.AGREED, message="A2")) == [("ACCP", "")]
    assert story.stands(transfer.uetr) == ("refunded", {"C1": "agreed"})


def test_a_recall_after_payment_is_refused_and_the_money_may_be_returned(story: Story) -> None:
    """The creditor has it; psbc says no, and gives part of it back of its own accord."""
    [transfer] = story.send()
    story.pay(transfer.uetr)
    assert told(story.recall(transfer.uetr)) == [("PDNG", "")]
    story.answer(transfer.uetr, RecallAnswer.REFUSED, reason="CUST")
    assert story.stands(transfer.uetr) == ("paid", {"C1": "declined"})
    story.do(
        c.ReturnTransfer(
            corridor=story.corridor, actor="psbc", idempotency_key="ret", uetr=transfer.uetr, return_id="RET-1", amount=100, reason="FOCR"
        )
    )
    assert story.stands(transfer.uetr) == ("returned", {"C1": "declined"})


def test_before_dispatch_a_recall_is_a_cancellation(story: Story) -> None:
    """Nobody needs to be asked: the answer says at once that it is done, and says so again when asked again."""
    [transfer] = story.send(waiting=True)
    done = story.recall(transfer.uetr)
    assert (told(done), said(done)) == ([("CANC", "")], ("CNCL", [("ACCR", "C1", "")]))
    assert story.stands(transfer.uetr) == ("refunded", {})
    before = story.head()
    again = story.recall(transfer.uetr, message="R2")
    assert (told(again), said(again), story.head()) == ([("CANC", "")], ("CNCL", [("ACCR", "C1", "")]), before)


def test_the_same_message_again_gives_the_same_bytes_and_no_event(story: Story) -> None:
    """Though the transfer has gone on meanwhile; another message under its id is refused."""
    first, second = story.send(2)
    asked = story.recall(first.uetr, second.uetr, STRANGER)
    story.answer(first.uetr, RecallAnswer.AGREED)
    before = story.head()

    again = story.recall(first.uetr, second.uetr, STRANGER)

    assert (again.reply, again.recognised, asked.recognised, story.head()) == (asked.reply, True, False, before)
    assert again.items == tuple(replace(item, replayed=True) for item in asked.items)
    with pytest.raises(KeyReused, match="Message id 'R1' came before with other content"):
        story.recall(second.uetr)
    answered = story.answer(first.uetr, RecallAnswer.AGREED)
    assert (answered.recognised, told(answered), story.head()) == (True, [("ACCP", "")], before)


@pytest.mark.parametrize(
    ("answer", "item", "reply"),
    [
        (None, ("PDNG", ""), ("PDCR", [("PDCR", "C1", "ARPL")])),
        (RecallAnswer.AGREED, ("CANC", ""), ("CNCL", [("ACCR", "C1", "")])),
        (RecallAnswer.REFUSED, ("RJCT", "recall-already-open"), ("RJCR", [("RJCR", "C1", "LEGL")])),
    ],
)
def test_the_same_case_in_another_message_is_told_how_it_stands(
    story: Story, answer: RecallAnswer | None, item: tuple[str, str], reply: tuple[str, list[tuple[str, str, str]]]
) -> None:
    """A recall is known by UETR and case id: it is asked once, whatever message it comes in."""
    [transfer] = story.send()
    story.recall(transfer.uetr)
    if answer is not None:
        story.answer(transfer.uetr, answer, reason="LEGL")
    before = story.head()
    again = story.recall(transfer.uetr, message="R2")
    assert (told(again), said(again), story.head()) == ([item], reply, before)


def test_two_recalls_of_one_transfer_are_answered_each(story: Story) -> None:
    """The first is refused, the second agreed."""
    [transfer] = story.send()
    story.recall(transfer.uetr)
    story.recall(transfer.uetr, case="C2", message="R2")
    assert story.stands(transfer.uetr) == ("dispatched", {"C1": "open", "C2": "open"})
    story.answer(transfer.uetr, RecallAnswer.REFUSED, reason="CUST")
    story.answer(transfer.uetr, RecallAnswer.AGREED, case="C2", message="A2")
    assert story.stands(transfer.uetr) == ("refunded", {"C1": "declined", "C2": "agreed"})


def test_each_transfer_of_a_recall_has_its_own_answer(story: Story) -> None:
    """One is asked back, one is not known, one has no case: the message is answered whole, in the version that goes with its own."""
    [transfer] = story.send()
    recall = read_camt056(recall_of(transfer.uetr, STRANGER, transfer.uetr))
    bare = tuple(replace(one, case=None) if one.index == 3 else one for one in recall.underlying[0].transfers)
    data = write_camt056(replace(recall, underlying=(Underlying(bare),)), "camt.056.001.11")

    taken = take_in(story.service, story.corridor, "abb", data)

    assert (taken.status, taken.items) == (
        "part",
        (
            Outcome(1, transfer.uetr, None, None, "PDNG", position=taken.items[0].position),
            Outcome(
                2,
                STRANGER,
                None,
                None,
                "RJCT",
                reason="AG09",
                rule="transfer-unknown",
                field="uetr",
                sentence=f"There is no transfer {STRANGER}. Check the UETR, or initiate the transfer first.",
                position=taken.items[1].position,
            ),
            Outcome(
                3,
                transfer.uetr,
                None,
                None,
                "RJCT",
                reason="CH21",
                rule="case-missing",
                field="Undrlyg/TxInf[3]/Case/Id",
                sentence="A recall and its answer name the case. Set Case/Id, in an answer RslvdCase/Id.",
            ),
        ),
    )
    assert said(taken) == ("PDCR", [("PDCR", "C1", "ARPL"), ("RJCR", "C1", "NOOR"), ("RJCR", None, "NARR")])
    assert taken.reply is not None
    reply = read_camt029(taken.reply)
    assert (reply.version, reply.message_id, reply.assignment.assigner, reply.assignment.assignee) == (
        "camt.029.001.13",
        "RES-R1",
        PSBC,
        ABB,
    )


def test_only_who_sent_a_transfer_asks_it_back_and_only_who_got_it_answers(story: Story) -> None:
    """The other way round each is refused, and nothing is written; nobody sends in another's name."""
    [transfer] = story.send()
    with pytest.raises(NotPermitted):
        story.recall(transfer.uetr, actor="psbc")
    theirs = read_camt056(recall_of(transfer.uetr))
    turned = write_camt056(replace(theirs, assignment=Assignment("R9", PSBC, ABB, NOON)))
    before = story.head()
    assert told(take_in(story.service, story.corridor, "psbc", turned)) == [("RJCT", "not-permitted")]

    story.recall(transfer.uetr)
    with pytest.raises(NotPermitted):
        story.answer(transfer.uetr, RecallAnswer.AGREED, actor="abb")
    answer = replace(read_camt029(answer_of(transfer.uetr, RecallAnswer.AGREED)), assignment=Assignment("A9", ABB, PSBC, NOON))
    assert told(take_in(story.service, story.corridor, "abb", write_camt029(answer))) == [("RJCT", "not-permitted")]
    assert (story.stands(transfer.uetr), story.head()) == (("dispatched", {"C1": "open"}), before + 1)


def test_an_answer_to_a_recall_that_nobody_made_is_refused(story: Story) -> None:
    """By transfer or by case; so is a second answer. The pacs.002 names rule and field."""
    [transfer] = story.send()
    assert told(story.answer(STRANGER, RecallAnswer.PENDING)) == [("RJCT", "transfer-unknown")]
    story.recall(transfer.uetr)
    unknown = story.answer(transfer.uetr, RecallAnswer.AGREED, case="C7", message="A2")
    assert unknown.reply is not None
    report = read_pacs002(unknown.reply)
    assert (report.groups[0].status, report.groups[0].original.message_id, report.groups[0].original.message) == (
        "RJCT",
        "A2",
        "camt.029.001.09",
    )
    assert [(one.uetr, one.status, one.reasons[0].information[0]) for one in report.transfers] == [
        (transfer.uetr, "RJCT", "recall-unknown recall")
    ]
    story.answer(transfer.uetr, RecallAnswer.REFUSED, reason="CUST", message="A3")
    assert told(story.answer(transfer.uetr, RecallAnswer.AGREED, message="A4")) == [("RJCT", "recall-already-answered")]
    assert story.stands(transfer.uetr) == ("dispatched", {"C1": "declined"})


def test_a_recall_of_a_whole_file_is_told_to_name_its_transfers(story: Story) -> None:
    """A group without transfers recalls nothing."""
    data = (
        b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.056.001.08'><FIToFIPmtCxlReq><Assgnmt><Id>R1</Id>"
        b"<Assgnr><Agt><FinInstnId><BICFI>ABBMMAMCXXX</BICFI></FinInstnId></Agt></Assgnr>"
        b"<Assgne><Agt><FinInstnId><BICFI>PSBCCNBJXXX</BICFI></FinInstnId></Agt></Assgne><CreDtTm>2026-03-27T09:00:00Z</CreDtTm>"
        b"</Assgnmt><Undrlyg><OrgnlGrpInfAndCxl><OrgnlMsgId>F1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId>"
        b"<GrpCxl>true</GrpCxl></OrgnlGrpInfAndCxl></Undrlyg></FIToFIPmtCxlReq></Document>"
    )
    taken = take_in(story.service, story.corridor, "abb", data)
    assert (told(taken), said(taken)) == ([("RJCT", "transfers-not-named")], ("RJCR", [("RJCR", None, "NARR")]))


def test_an_unreadable_recall_leaves_nothing(story: Story) -> None:
    """Cut short, it asks for nothing."""
    [transfer] = story.send()
    before = story.head()
    with pytest.raises(UnreadableMessage):
        take_in(story.service, story.corridor, "abb", recall_of(transfer.uetr)[:-40])
    assert (story.head(), story.stands(transfer.uetr)) == (before, ("dispatched", {}))


def test_a_hold_is_told_like_any_other_wait(story: Story) -> None:
    """A transfer that screening holds cannot be cancelled; nothing in the answer says why."""
    [made] = [one for one in generate_transfers(SEED, 400, facts()) if one.release_condition is None][:1]
    held = replace(made, debtor=replace(made.debtor, name="Qasmir Volnadi"))
    report = take_in(story.service, story.corridor, "abb", write_pacs008(group_of(SEED, 1, facts()), [held]))
    assert (report.items[0].status, story.stands(held.uetr)) == ("ACTC", ("held", {}))

    taken = story.recall(held.uetr)

    [item] = taken.items
    assert item == Outcome(
        1,
        held.uetr,
        None,
        None,
        "RJCT",
        reason="NARR",
        rule="step-out-of-order",
        field="state",
        sentence=item.sentence,
        position=item.position,
    )
    assert item.sentence.startswith(f"Cannot recall {held.uetr}: it is pending.")
    assert taken.reply is not None and b"held" not in taken.reply
    assert (said(taken), story.stands(held.uetr)) == (("RJCR", [("RJCR", "C1", "NARR")]), ("held", {}))


def test_a_recall_that_stopped_in_the_middle_goes_on_where_it_stopped(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """It died after some of its transfers were asked back: the same message again asks for the others, and none twice."""
    monkeypatch.setattr(asking, "CHUNK", 2)
    transfers = story.send(5)
    uetrs = [one.uetr for one in transfers]
    whole = Ledger.execute_all
    steps: list[int] = []

    def die(ledger: Ledger, commands: Sequence[c.Command], asked: Sequence[Asked] | None = None) -> list[Answer]:
        if isinstance(commands[0], c.RequestRecall):
            steps.append(len(commands))
            if len(steps) == 2:
                raise KeyboardInterrupt
        return whole(ledger, commands, asked)

    with monkeypatch.context() as dying:
        dying.setattr(Ledger, "execute_all", die)
        with pytest.raises(KeyboardInterrupt):
            story.recall(*uetrs)
    assert [story.stands(uetr)[1] for uetr in uetrs] == [{"C1": "open"}] * 2 + [{}] * 3

    taken = story.recall(*uetrs)

    assert (taken.recognised, told(taken), [item.replayed for item in taken.items]) == (
        True,
        [("PDNG", "")] * 5,
        [True] * 2 + [False] * 3,
    )
    assert [story.stands(uetr)[1] for uetr in uetrs] == [{"C1": "open"}] * 5
    assert story.recall(*uetrs).reply == taken.reply


def outgoing(story: Story, participant: str, message: str) -> list[bytes]:
    """What the corridor tells a bank in messages of this kind."""
    told = messages_after(story.service, story.corridor, participant, 0, 100)
    return [one.data for one in told if one.message == message and one.data is not None]


@pytest.mark.parametrize("case", ["C1", "A-CASE-ID-OF-THE-API-THAT-IS-LONGER-THAN-MESSAGES-HAVE-ROOM-FOR"])
def test_both_banks_speak_only_messages(story: Story, case: str) -> None:
    """abb's recall reaches psbc as our camt.056; psbc answers what it was sent; abb learns it by our camt.029 and the status after it."""
    [transfer] = story.send()
    if case == "C1":
        story.recall(transfer.uetr)
    else:
        story.do(c.RequestRecall(corridor=story.corridor, actor="abb", idempotency_key="r", uetr=transfer.uetr, recall=case, reason="DUPL"))
    [asked] = outgoing(story, "psbc", "camt.056")
    [received] = read_camt056(asked).transfers
    assert (received.uetr, received.reason) == (transfer.uetr, "DUPL")
    assert received.case is not None

    assert told(story.answer(transfer.uetr, RecallAnswer.AGREED, case=received.case.id)) == [("ACCP", "")]

    assert story.stands(transfer.uetr) == ("refunded", {case: "agreed"})
    [answer] = outgoing(story, "abb", "camt.029")
    resolution = read_camt029(answer)
    assert (resolution.confirmation, resolution.transfers[0].uetr) == ("CNCL", transfer.uetr)
    [*_, status] = outgoing(story, "abb", "pacs.002")
    assert [(one.uetr, one.status, one.reason_code) for one in read_pacs002(status).transfers] == [(transfer.uetr, "RJCT", "CUST")]
