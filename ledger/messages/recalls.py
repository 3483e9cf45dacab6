"""Recalls that a debtor agent sends (camt.056): each transfer in one is cancelled if it was not sent onward, else asked back.

A recall is known by its UETR and case id. Before dispatch it is a cancellation, and the answer says that it is done; after it the creditor
agent is asked, and the answer says that its own will follow. The same message sent again finds the answers that were given; the same case
in another message is told how it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from ledger.answers import Answer
from ledger.commands import CancelTransfer, RequestRecall
from ledger.domain.aggregate import DecidedEvent
from ledger.domain.transfer_events import TransferCancelled, TransferRecallAnswered
from ledger.errors import RecallAlreadyOpen, StepOutOfOrder, TransferFrozen, TransferUnknown
from ledger.eventstore.mapper import EventMapper
from ledger.iso20022.camt029 import write_camt029
from ledger.iso20022.camt056 import Recall, RecalledTransfer, read_camt056
from ledger.iso20022.cases import Assignment, Case, CaseReason, OriginalTransfer
from ledger.iso20022.resolution import PARTLY, AnsweredTransfer, CancellationDetails, RecallAnswer, Resolution
from ledger.messages import outcomes
from ledger.messages.asking import ask_all
from ledger.messages.outcomes import Named, named_in_case
from ledger.messages.received import Came, Incoming
from ledger.messages.replies import explained, reply_id, reply_version
from ledger.messages.taken import REJECTED, Outcome, Taken

CANCELLED, ASKED_BACK = "CANC", "PDNG"
_GONE = ("cancelled", "refunded")
# ExternalPaymentCancellationRejection1Code: never received, already returned, no reply yet; anything else is told in words.
_NEVER_RECEIVED, _ALREADY_RETURNED, _NO_REPLY_YET, NARRATIVE = "NOOR", "ARDT", "ARPL", "NARR"
_ANSWERS: Final = {CANCELLED: RecallAnswer.AGREED, ASKED_BACK: RecallAnswer.PENDING, REJECTED: RecallAnswer.REFUSED}
# A recall in this version is answered in the version of camt.029 that was published with it; others in the one agreed with the bank.
_REPLY_VERSIONS: Final = {"camt.056.001.11": "camt.029.001.13"}
_NAMELESS: Final = OriginalTransfer()


@dataclass(frozen=True, slots=True)
class _Answered:
    """The answer to one transfer of a recall; ``reason`` is why not, or why not yet, in the words of camt.029."""

    outcome: Outcome
    original: OriginalTransfer = _NAMELESS
    case: Case | None = None
    reason: str = ""


def take_in_recall(incoming: Incoming) -> Taken:
    """Takes in a camt.056; the reply is its camt.029."""
    # Only a debtor agent sends one, so the settlement bank is no stranger here but in the wrong place.
    incoming.terms.participant(incoming.actor)
    recall = read_camt056(incoming.data, incoming.limits)
    came = incoming.receive(recall.message_id, recall.assignment.assigner.bic, field="Assgnmt/Assgnr")
    asking = _Asking(incoming, came)
    answered = asking.answers(recall.transfers)
    version = _REPLY_VERSIONS.get(recall.version) or reply_version(incoming, came, "camt.029")
    for finding in recall.findings:
        outcome = outcomes.faulty_part(Named(len(answered) + 1), finding)
        answered.append(_Answered(outcome, case=recall.case, reason=NARRATIVE))
    return incoming.answer(came, [one.outcome for one in answered], _reply(recall, came, answered, version))


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks the ledger for what a recall asks for. Every answer depends on the receipts and the log up to them, so it stays the same."""

    incoming: Incoming
    came: Came

    def answers(self, transfers: Sequence[RecalledTransfer]) -> list[_Answered]:
        """One for each transfer, in their order. All are tried as cancellations together, then the others as recalls."""
        fit = [transfer for transfer in transfers if not transfer.findings]
        cancelled = dict(zip((one.index for one in fit), self._cancel(fit), strict=True))
        # Whoever is told that a step comes too late, or is frozen, has a transfer of its own to ask back.
        onward = [one for one in fit if _refusal_code(cancelled[one.index]) in (StepOutOfOrder.code, TransferFrozen.code)]
        asked = dict(zip((one.index for one in onward), self._ask_back(onward), strict=True))
        found = []
        for transfer in transfers:
            if transfer.findings:
                outcome = outcomes.faulty_part(named_in_case(transfer), transfer.findings[0])
                found.append(_Answered(outcome, transfer.original, transfer.case, NARRATIVE))
            else:
                found.append(self._answered(transfer, asked.get(transfer.index) or cancelled[transfer.index]))
        return found

    def _cancel(self, transfers: Sequence[RecalledTransfer]) -> list[Answer]:
        commands = [CancelTransfer(**self._named("cancel", one), uetr=one.uetr) for one in transfers if one.uetr is not None]
        return ask_all(self.incoming, self.came, commands)

    def _ask_back(self, transfers: Sequence[RecalledTransfer]) -> list[Answer]:
        commands = [
            # Only codes go into the log: a word of the sender's own may be anything.
            RequestRecall(**self._named("recall", one), uetr=one.uetr, recall=_case_id(one), reason=one.code or NARRATIVE)
            for one in transfers
            if one.uetr is not None
        ]
        return ask_all(self.incoming, self.came, commands)

    def _named(self, step: str, transfer: RecalledTransfer) -> dict[str, str]:
        return {
            "corridor": self.incoming.corridor,
            "actor": self.incoming.actor,
            "idempotency_key": self.came.key_of(f"{step}/{transfer.uetr}/{_case_id(transfer)}"),
            "cause": self.came.cause,
        }

    def _answered(self, transfer: RecalledTransfer, answer: Answer) -> _Answered:
        outcome, reason = self._outcome(transfer, answer)
        return _Answered(outcome, transfer.original, transfer.case, reason)

    def _outcome(self, transfer: RecalledTransfer, answer: Answer) -> tuple[Outcome, str]:
        """With the reason of a camt.029, where there is one."""
        if answer.result is not None:
            done = answer.result["state"] in _GONE
            return self._taken(transfer, answer, done=done)
        assert answer.refusal is not None
        code, value = answer.refusal["code"], answer.refusal["value"]
        if code == RecallAlreadyOpen.code:
            return self._standing(transfer, answer)
        too_late = answer.refusal["field"] == "state" and value in _GONE
        if too_late and any(isinstance(event, TransferCancelled) for event in self._events(transfer, answer)):
            return self._taken(transfer, answer, done=True)
        reason = _NEVER_RECEIVED if code == TransferUnknown.code else _ALREADY_RETURNED if too_late else NARRATIVE
        return outcomes.refused_by_ledger(named_in_case(transfer), answer), reason

    def _taken(self, transfer: RecalledTransfer, answer: Answer, *, done: bool) -> tuple[Outcome, str]:
        return outcomes.taken(named_in_case(transfer), CANCELLED if done else ASKED_BACK, answer), "" if done else _NO_REPLY_YET

    def _standing(self, transfer: RecalledTransfer, answer: Answer) -> tuple[Outcome, str]:
        """How the case stood when it was asked again."""
        for event in self._events(transfer, answer):
            if isinstance(event, TransferRecallAnswered) and event.recall == _case_id(transfer):
                if event.agreed:
                    return self._taken(transfer, answer, done=True)
                return outcomes.refused_by_ledger(named_in_case(transfer), answer), event.reason or NARRATIVE
        return self._taken(transfer, answer, done=False)

    def _events(self, transfer: RecalledTransfer, answer: Answer) -> list[DecidedEvent]:
        """The transfer's events up to where the answer stands."""
        assert transfer.uetr is not None
        ledger = self.incoming.ledger
        mapper = cast(EventMapper, ledger.mapper)
        return [
            cast(DecidedEvent, mapper.decode(row.stream_id, row.stream_version, row.topic, row.state))
            for row in ledger.log_store.read_streams({transfer.uetr: 0})[transfer.uetr]
            if row.position <= answer.position
        ]


def _case_id(transfer: RecalledTransfer) -> str:
    assert transfer.case is not None
    return transfer.case.id


def _refusal_code(answer: Answer) -> str | None:
    return None if answer.refusal is None else answer.refusal["code"]


# The reply


def _reply(recall: Recall, came: Came, answered: Sequence[_Answered], version: str) -> bytes:
    """The camt.029, from whom the recall went to back to its sender; the same bytes each time."""
    asked, received_at = recall.assignment, came.received_at.replace(microsecond=0)
    transfers = tuple(_answered_transfer(one, asked) for one in answered)
    return write_camt029(
        Resolution(
            assignment=Assignment(reply_id("RES", recall.message_id), asked.assignee, asked.assigner, received_at),
            details=(CancellationDetails(transfers),),
            confirmation=_as_a_whole([one.answer for one in transfers if one.answer is not None]),
        ),
        version,
    )


def _answered_transfer(one: _Answered, asked: Assignment) -> AnsweredTransfer:
    outcome, case = one.outcome, one.case
    answer = _ANSWERS[outcome.status]
    return AnsweredTransfer(
        index=outcome.index,
        original=one.original,
        # The schema wants the case's creator; who sent it opened it where nobody else is named.
        case=Case(case.id, case.creator or asked.assigner) if case is not None else None,
        status=answer.transfer_status,
        answer=answer,
        reasons=(CaseReason(code=one.reason, information=explained(outcome)),) if one.reason else (),
    )


def _as_a_whole(answers: Sequence[RecallAnswer]) -> str:
    """One word for all of them: partly done where some are and others not, pending while one still waits."""
    if RecallAnswer.AGREED in answers and len(set(answers)) > 1:
        return PARTLY
    return (RecallAnswer.PENDING if RecallAnswer.PENDING in answers else answers[0]).confirmation
