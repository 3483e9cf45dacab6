"""The one way in for messages: what it is decides who takes it. Every kind that is taken has its row in `HANDLERS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ledger.bootstrap import Service
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.evidence import SignedRequest
from ledger.iso20022.fields import DEFAULT_LIMITS, Limits
from ledger.iso20022.xml import opening
from ledger.messages.announcements import take_in_announcement
from ledger.messages.credit_transfers import take_in_credit_transfers
from ledger.messages.headers import framed, message_id_of
from ledger.messages.notifications import take_in_notification
from ledger.messages.payment_returns import take_in_payment_return
from ledger.messages.recall_answers import take_in_recall_answer
from ledger.messages.recalls import take_in_recall
from ledger.messages.received import Incoming, keep
from ledger.messages.rejects import FINAL, code_of, reference_in
from ledger.messages.status_reports import take_in_status_report
from ledger.messages.status_requests import take_in_status_request
from ledger.messages.taken import Progress, Taken, not_taken

Handler = Callable[[Incoming], Taken]

HANDLERS: Final[Mapping[str, Handler]] = {
    "camt.029": take_in_recall_answer,
    "camt.054": take_in_notification,
    "camt.056": take_in_recall,
    "camt.057": take_in_announcement,
    "pacs.002": take_in_status_report,
    "pacs.004": take_in_payment_return,
    "pacs.008": take_in_credit_transfers,
    "pacs.028": take_in_status_request,
}


def take_in(
    service: Service,
    corridor: str,
    actor: str,
    data: bytes,
    *,
    signed: SignedRequest | None = None,
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Taken:
    """Takes in a message of any kind that ``actor`` sent: a participant's key, or ``bank:settlement``.

    Raises UnreadableMessage when nothing of it can be acted on (UnexpectedMessage for a kind that has no row here), UnknownCorridor,
    UnknownParticipant, NotPermitted when it names another sender, KeyReused when its message id came before with other content. What
    was refused as a whole is kept all the same, as it was received. After Unavailable, OutcomeUnknown or a crash the same message goes
    on where it stopped.
    """
    terms = service.ledger(corridor).terms()
    if actor != SETTLEMENT_BANK:
        terms.participant(actor)
    message: str | None = None
    try:
        began = opening(data, limits)
        message = kind_of(began.version)
        handler = HANDLERS.get(message)
        if handler is None:
            raise not_taken(began.version, HANDLERS)
        taken = handler(
            Incoming(
                service=service,
                corridor=corridor,
                actor=actor,
                terms=terms,
                data=data,
                message=message,
                version=began.version,
                header=began.header,
                signed=signed,
                progress=progress,
                limits=limits,
            )
        )
    except FINAL as error:
        keep(service, corridor, actor, data, message=message, message_id=reference_in(data), refused=code_of(error))
        raise
    if taken.reply is None or began.header is None:
        return taken
    reply = taken.reply
    return replace(taken, reply=framed(reply, opening(reply).version, message_id_of(reply), taken.received_at, began.header))


def kind_of(version: str) -> str:
    """``pacs.008`` of ``pacs.008.001.08``."""
    return version[: len("pacs.008")]
