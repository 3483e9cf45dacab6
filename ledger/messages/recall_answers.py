"""Answers to recalls that a creditor agent sends (camt.029): only one that agrees cancels a transfer that was sent onward.

An answer is for one recall, known by UETR and case id. Pending changes nothing; agreed before payment cancels and refunds, and after it
only announces a return (pacs.004); refused leaves the transfer as it is. The same message sent again adds nothing.
"""

from __future__ import annotations

from typing import Final, cast
from uuid import UUID

from ledger.commands import AnswerRecall
from ledger.domain.transfer import Transfer
from ledger.iso20022.camt029 import read_camt029
from ledger.iso20022.resolution import AnsweredTransfer, RecallAnswer
from ledger.messages import outcomes
from ledger.messages.asking import ask_all
from ledger.messages.outcomes import Named, named_in_case
from ledger.messages.received import Came, Incoming
from ledger.messages.replies import acknowledge
from ledger.messages.taken import Outcome, Taken
from ledger.messages.told import ID_MAX, within_35

# An agreement needs no reason; only codes go into the log, since a word of the sender's own may be anything.
_NO_REASON: Final = {RecallAnswer.AGREED: "CNCL", RecallAnswer.REFUSED: "NARR", RecallAnswer.PENDING: "PDCR"}


def take_in_recall_answer(incoming: Incoming) -> Taken:
    """Takes in a camt.029; the reply is a pacs.002 that says which of its answers were taken."""
    # Only a creditor agent sends one, so the settlement bank is no stranger here but in the wrong place.
    incoming.terms.participant(incoming.actor)
    resolution = read_camt029(incoming.data, incoming.limits)
    came = incoming.receive(resolution.message_id, resolution.assignment.assigner.bic, field="Assgnmt/Assgnr")
    items = _answers(incoming, came, resolution.transfers)
    items += [outcomes.faulty_part(Named(len(items) + number), finding) for number, finding in enumerate(resolution.findings, 1)]
    return acknowledge(incoming, came, resolution.assignment.created_at, items)


def _answers(incoming: Incoming, came: Came, transfers: tuple[AnsweredTransfer, ...]) -> list[Outcome]:
    """One for each transfer, in their order; those without a fault are decided together."""
    commands = [_command(incoming, came, transfer) for transfer in transfers if not transfer.findings]
    decided = iter(ask_all(incoming, came, commands))
    return [
        outcomes.faulty_part(named_in_case(one), one.findings[0]) if one.findings else outcomes.answered(named_in_case(one), next(decided))
        for one in transfers
    ]


def _command(incoming: Incoming, came: Came, transfer: AnsweredTransfer) -> AnswerRecall:
    assert transfer.uetr is not None and transfer.case is not None and transfer.answer is not None
    case = transfer.case.id
    return AnswerRecall(
        corridor=incoming.corridor,
        actor=incoming.actor,
        idempotency_key=came.key_of(f"{transfer.uetr}/{case}"),
        cause=came.cause,
        uetr=transfer.uetr,
        recall=_recall(incoming, transfer.uetr, case),
        agreed=transfer.answer is RecallAnswer.AGREED,
        reason=transfer.code or _NO_REASON[transfer.answer],
        pending=transfer.answer is RecallAnswer.PENDING,
    )


def _recall(incoming: Incoming, uetr: UUID, case: str) -> str:
    """The recall that a case id of a message names. One that was asked for over the API may be longer than messages have room for."""
    repository = incoming.ledger.repository
    if len(case) < ID_MAX or uetr not in repository:
        return case
    transfer = cast(Transfer, repository.get(uetr))
    return next((recall for recall in transfer.recalls if within_35(recall) == case), case)
