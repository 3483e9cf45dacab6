"""camt.056 and camt.029: a recall is passed on to the creditor agent, and its answer to the debtor agent, under the case id of the one who
opened it."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain.transfer_events import TransferRecallAnswered, TransferRecallRequested
from ledger.iso20022.camt029 import write_camt029
from ledger.iso20022.camt056 import Recall, RecalledTransfer, Underlying, write_camt056
from ledger.iso20022.cases import Assignment, Case, CaseReason, OriginalTransfer, PartyOrAgent
from ledger.iso20022.resolution import AnsweredTransfer, CancellationDetails, RecallAnswer, Resolution
from ledger.messages.lives import References, Step
from ledger.messages.told import Told, coded, within_35


def requested(step: Step) -> Iterator[Told]:
    """The creditor agent is asked; its answer decides."""
    yield Told(step.creditor_agent, "camt.056", lambda version, message_id: _request(step, version, message_id))


def answered(step: Step) -> Iterator[Told]:
    """Where it cancels the transfer, the status that says so follows at its own position."""
    yield Told(step.debtor_agent, "camt.029", lambda version, message_id: _answer(step, version, message_id))


def _request(step: Step, version: str, message_id: str) -> bytes:
    event = step.here.event
    assert isinstance(event, TransferRecallRequested)
    asker = PartyOrAgent(agent=step.agent(step.debtor_agent))
    recalled = RecalledTransfer(
        index=1,
        original=_original(step, step.life.sent_on()),
        case=Case(within_35(event.recall), asker),
        reasons=(CaseReason(*coded(event.reason)),),
    )
    assignment = Assignment(message_id, asker, PartyOrAgent(agent=step.agent(step.creditor_agent)), step.said_at)
    return write_camt056(Recall(assignment, (Underlying((recalled,)),), transfer_count=1), version)


def _answer(step: Step, version: str, message_id: str) -> bytes:
    event = step.here.event
    assert isinstance(event, TransferRecallAnswered)
    asker, answerer = PartyOrAgent(agent=step.agent(step.debtor_agent)), PartyOrAgent(agent=step.agent(step.creditor_agent))
    answer = RecallAnswer.AGREED if event.agreed else RecallAnswer.REFUSED
    one = AnsweredTransfer(
        index=1,
        original=_original(step, step.life.references()),
        status=answer.transfer_status,
        # Only a refusal has reasons of the external set (ExternalPaymentCancellationRejection1Code).
        reasons=() if event.agreed else (CaseReason(*coded(event.reason)),),
    )
    resolution = Resolution(
        Assignment(message_id, answerer, asker, step.said_at),
        (CancellationDetails((one,)),),
        case=Case(within_35(event.recall), asker),
        confirmation=answer.confirmation,
    )
    return write_camt029(resolution, version)


def _original(step: Step, known: References) -> OriginalTransfer:
    pricing = step.life.pricing
    return OriginalTransfer(
        uetr=step.life.uetr,
        instruction_id=known.instruction_id,
        end_to_end_id=known.end_to_end_id,
        transaction_id=known.transaction_id,
        amount=(pricing.settlement, pricing.settlement_currency),
        settlement_date=step.life.settlement_date,
        message=known.original,
    )
