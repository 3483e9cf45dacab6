"""Files of messages that a partner sends: each transfer of a pacs.008 becomes a command, and each gets its answer.

A file is read to its end before anything is done, so an unreadable one leaves nothing. Then its transfers go through in chunks: while one
is being decided, the next one's parties are screened and stored. What is wrong with one transfer answers for that transfer alone. A
transfer is known by message id and UETR: the same file sent again, or taken up again after a crash, finds the answers that were given and
adds nothing; the same message id with other content is refused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from itertools import islice

from pydantic import ValidationError

from ledger.answers import Answer, Answered, Request, decode_answer
from ledger.application import Ledger
from ledger.domain import ids
from ledger.domain.terms import Terms
from ledger.errors import Malformed, NotPermitted, Refusal
from ledger.intake import Intake, Received, Unfit, order_of
from ledger.iso20022.credit_transfer import CreditTransfer, GroupHeader, TransferFault
from ledger.iso20022.pacs008 import ScannedFile
from ledger.messages import outcomes
from ledger.messages.outcomes import Named
from ledger.messages.received import Came, Incoming
from ledger.messages.replies import acknowledge
from ledger.messages.taken import REJECTED, Outcome, Taken

# Transfers stored in the vault and queued together: large enough for whole commits, small enough that progress is seen.
CHUNK = 500

# Where a transfer can stand right after it was taken in, and what its sender is told: that it was taken, whatever becomes of it, so that
# a hold tips nobody off. What becomes of it is told in messages of its own.
_STATUS_BY_STATE = {
    "initiated": "ACTC",
    "held": "ACTC",
    "cleared": "ACTC",
    "funded": "ACTC",
    "dispatched": "ACTC",
    "rejected": REJECTED,
}


def take_in_credit_transfers(incoming: Incoming) -> Taken:
    """Takes in a pacs.008; the reply is its pacs.002. Raises what `take_in` raises."""
    # Only the debtor agent sends one, so the settlement bank is no stranger here but in the wrong place.
    incoming.terms.participant(incoming.actor)
    file = ScannedFile(incoming.data, incoming.limits)
    group = file.group
    came = incoming.receive(group.message_id, group.instructing_agent.bic if group.instructing_agent else None)
    sender = _Sender(
        ledger=incoming.ledger,
        intake=incoming.service.intake(incoming.corridor),
        terms=incoming.terms,
        actor=incoming.actor,
        group=group,
        came=came,
    )
    items: list[Outcome] = []
    submitted: deque[_Chunk] = deque()
    transfers = iter(file)
    try:
        while (chunk := list(islice(transfers, CHUNK))) or submitted:
            # One chunk is decided and committed while the next one is prepared.
            if chunk:
                submitted.append(sender.submit(chunk))
            if len(submitted) > 1 or not chunk:
                items.extend(sender.answers(submitted.popleft()))
                if incoming.progress is not None:
                    incoming.progress(len(items), len(file))
    except BaseException:
        # What the batcher holds is decided all the same; whoever sends the file again then finds the answers.
        for left in submitted:
            wait(one[1] for one in left if not isinstance(one, Outcome))
        raise
    return acknowledge(incoming, came, group.created_at, items)


_Pending = tuple[CreditTransfer, Future[Answered]]
_Chunk = list[Outcome | _Pending]
"""Transfers in the file's order: answered at once, or in the batcher's hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sender:
    """Hands one file's transfers to the ledger, and collects their answers."""

    ledger: Ledger
    intake: Intake
    terms: Terms
    actor: str
    group: GroupHeader
    came: Came

    def submit(self, chunk: Sequence[CreditTransfer | TransferFault]) -> _Chunk:
        """Stores the parties and queues the commands; what needs no command, or cannot have one, is answered already."""
        answered: dict[int, Outcome] = {}
        orders: list[tuple[CreditTransfer, Received]] = []
        for transfer in chunk:
            if isinstance(transfer, TransferFault):
                answered[transfer.index] = outcomes.faulty(transfer)
                continue
            try:
                orders.append((transfer, self._received(transfer)))
            except Refusal as refusal:
                answered[transfer.index] = outcomes.refused(_named(transfer), refusal)
            except ValidationError as error:
                answered[transfer.index] = _unusable(transfer, error)
        if self.came.recognised:
            orders = self._without_answered(orders, answered)
        fit: list[tuple[CreditTransfer, Request]] = []
        for (transfer, _), prepared in zip(orders, self.intake.prepare_all([received for _, received in orders]), strict=True):
            if isinstance(prepared, Request):
                fit.append((transfer, prepared))
            else:
                answered[transfer.index] = _unfit(transfer, prepared)
        futures = self.ledger.submit_all([request for _, request in fit])
        pending = {transfer.index: (transfer, future) for (transfer, _), future in zip(fit, futures, strict=True)}
        return [answered.get(transfer.index) or pending[transfer.index] for transfer in chunk]

    def answers(self, chunk: _Chunk) -> Iterator[Outcome]:
        """Every transfer's answer, waited for."""
        for one in chunk:
            if isinstance(one, Outcome):
                yield one
            else:
                transfer, future = one
                yield _answered(transfer, self.ledger.answer(future.result(), self.came.asked))

    def _received(self, transfer: CreditTransfer) -> Received:
        """Raises NotPermitted or UnknownParticipant for banks that are not where they should be."""
        bic = transfer.debtor_agent.bic or ""
        if self.terms.participant_of_bic(bic) != self.actor:
            raise NotPermitted(
                f"The debtor agent {bic} is not {self.actor}, which sent the file.",
                field="DbtrAgt",
                value=bic,
                way_out="Each bank sends its own transfers.",
            )
        key = self.came.key_of(transfer.uetr)
        return Received(order_of(transfer, self.terms, self.group), self.actor, key, self.came.cause, self.came.asked)

    def _without_answered(
        self, orders: Sequence[tuple[CreditTransfer, Received]], answered: dict[int, Outcome]
    ) -> list[tuple[CreditTransfer, Received]]:
        """Those that have no answer yet; the answers of the others are told. The file is known to be the same, byte for byte."""
        digests = [ids.receipt_digest(received.actor, received.idempotency_key) for _, received in orders]
        receipts = self.ledger.log_store.replay_receipts(digests)
        left = []
        for digest, (transfer, received) in zip(digests, orders, strict=True):
            if digest in receipts:
                answered[transfer.index] = _answered(transfer, decode_answer(Answered(receipts[digest], replayed=True)))
            else:
                left.append((transfer, received))
        return left


# One transfer's answer


def _named(transfer: CreditTransfer) -> Named:
    return Named(transfer.index, transfer.uetr, transfer.instruction_id, transfer.end_to_end_id)


def _answered(transfer: CreditTransfer, answer: Answer) -> Outcome:
    status = _STATUS_BY_STATE[answer.result["state"]] if answer.result is not None else REJECTED
    return outcomes.answered(_named(transfer), answer, status)


def _unfit(transfer: CreditTransfer, unfit: Unfit) -> Outcome:
    """A party that cannot be screened, or an identity document that says nothing."""
    if isinstance(unfit, Malformed):
        return outcomes.rejected(_named(transfer), "malformed", unfit.field, str(unfit))
    return outcomes.rejected(_named(transfer), "record-unfit", "", str(unfit))


def _unusable(transfer: CreditTransfer, error: ValidationError) -> Outcome:
    """Only the names of the fields are told: their values may be personal."""
    fields = sorted({".".join(map(str, found["loc"])) for found in error.errors(include_input=False)})
    sentence = f"These fields of a party cannot be kept: {', '.join(fields)}. Send them within the length and form of their types."
    return outcomes.rejected(_named(transfer), "party-field-invalid", fields[0], sentence)
