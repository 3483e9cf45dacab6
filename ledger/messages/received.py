"""A message on its way in: who sent it, what it is, and whether it came before.

A message is known by its sender, its kind and its message id: those three have one content for ever. The receipt of the command
`ReceiveMessage` remembers that, before anything the message asks for is done; so the same message sent again, or taken up again after a
crash, finds the answers that were given and adds nothing, and another content under the same id is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from ledger.application import Asked, Ledger
from ledger.bootstrap import Service
from ledger.commands import ReceiveMessage
from ledger.domain import ids
from ledger.domain.movement import SETTLEMENT_BANK
from ledger.domain.terms import Terms
from ledger.errors import KeyReused, NotPermitted
from ledger.evidence import SignedRequest
from ledger.iso20022.envelope import BusinessHeader
from ledger.iso20022.fields import DEFAULT_LIMITS, Limits
from ledger.messages.taken import Outcome, Progress, Taken
from ledger.privacy.entropy import new_subject_id
from ledger.privacy.received import ReceivedMessage, ReceivedMessages

_HAS_KIND = re.compile(r"[a-z]{4}\.[0-9]{3}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A message that was received under its id. ``received_at`` is when it first came, ``recognised`` that it had come before.

    ``position`` is where the log stood then: what a message only asks to be told is answered as of it, however often it comes.
    ``cause`` is what the commands it asks for name as their cause, ``asked`` what their receipts are compared by: the whole message, so
    that a command of it is never taken for the same one of another message.
    """

    message_id: str
    received_at: datetime
    recognised: bool
    position: int
    cause: str
    key: str
    asked: Asked

    def key_of(self, part: object) -> str:
        """The idempotency key of what one part of the message asks for; ``part`` is its UETR or number there."""
        return f"{self.key}/{part}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What ``actor`` sent: ``data`` is the message of the kind ``message`` (``pacs.002``) in ``version`` (``pacs.002.001.10``).

    ``actor`` is a participant's key or ``bank:settlement``. ``terms`` are those in force; ``signed`` is the request it came in, where that
    was signed. ``header`` is its business application header, where it has one.
    """

    service: Service
    corridor: str
    actor: str
    terms: Terms
    data: bytes
    message: str
    version: str
    header: BusinessHeader | None = None
    signed: SignedRequest | None = None
    progress: Progress | None = None
    limits: Limits = DEFAULT_LIMITS

    @property
    def ledger(self) -> Ledger:
        return self.service.ledger(self.corridor)

    @property
    def bic(self) -> str:
        """The sender's own BIC, by the terms in force."""
        return self.terms.settlement.bank_bic if self.actor == SETTLEMENT_BANK else self.terms.participant(self.actor).bic

    def receive(self, message_id: str, sender_bic: str | None, *, field: str = "GrpHdr/InstgAgt") -> Came:
        """Binds the message id to this content, for good. Call it once the whole message is known to be readable, and before acting on it.

        ``sender_bic`` is whom the message names as its sender, at ``field``: InstgAgt, or Assgnr; None where it names nobody. Raises
        NotPermitted when that, or the header, names another bank than the one that sent it; KeyReused when the id came before with other
        content.
        """
        self.check_sender(sender_bic, field)
        if self.header is not None:
            self.check_sender(self.header.sender_bic, "AppHdr/Fr")
        key = message_key(self.message, message_id)
        cause = message_cause(self.message, message_id)
        command = ReceiveMessage(corridor=self.corridor, actor=self.actor, idempotency_key=key, cause=cause, message_id=message_id)
        asked = Asked("FILE", key, self.data)
        ledger = self.ledger
        try:
            # A message that is none of this id's is not written down as one that was taken.
            if ledger.log_store.receipt(ids.receipt_digest(self.actor, key)) is not None:
                answer = ledger.execute(command, asked)
            else:
                kept = self.keep(message_id=message_id)
                request = ledger.request(command, asked)
                if self.signed is not None:
                    request = request._replace(evidence=self.signed.in_the_vault(kept.subject))
                answer = ledger.answer(ledger.submit(request).result(), asked)
        except KeyReused:
            raise KeyReused(
                f"Message id {message_id!r} came before with other content. Send other content under a message id of its own."
            ) from None
        return Came(
            message_id=message_id,
            received_at=answer.recorded_at,
            recognised=answer.replayed,
            position=answer.position,
            cause=cause,
            key=key,
            asked=Asked("FILE", key, sha256(self.data).digest()),
        )

    def answer(self, came: Came, items: Sequence[Outcome], reply: bytes | None = None) -> Taken:
        """The answer to the message, with the message of ours that says it."""
        return Taken(
            message=self.message,
            version=self.version,
            message_id=came.message_id,
            received_at=came.received_at,
            recognised=came.recognised,
            items=tuple(items),
            reply=reply,
        )

    def keep(self, *, message_id: str | None = None, refused: str | None = None) -> ReceivedMessage:
        """Keeps the bytes as they were received, in the vault; those that came before from this sender are kept already."""
        return keep(self.service, self.corridor, self.actor, self.data, message=self.message, message_id=message_id, refused=refused)

    def check_sender(self, bic: str | None, field: str) -> None:
        """Raises NotPermitted when ``field`` names another bank than the one that sent the message; None names nobody.

        The first eight characters name the bank; the rest one of its offices.
        """
        if bic is not None and bic[:8] != self.bic[:8]:
            raise NotPermitted(
                f"The message names {bic} as its sender, which is not {self.actor}.",
                field=field,
                value=bic,
                way_out="Each bank sends its own messages.",
            )


def keep(
    service: Service,
    corridor: str,
    actor: str,
    data: bytes,
    *,
    message: str | None = None,
    message_id: str | None = None,
    refused: str | None = None,
) -> ReceivedMessage:
    """Keeps what an actor sent, whatever it is. Raises VaultDown, KeyProviderDown."""
    return ReceivedMessages(service.pool, service.vault).keep(
        corridor,
        actor,
        data,
        subject=new_subject_id(service.entropy),
        came_at=service.clock(),
        message=message,
        message_id=message_id,
        refused=refused,
    )


def message_key(message: str, message_id: str) -> str:
    """The idempotency key under which a message is received: with its sender's name, kind and id make it unique."""
    return f"{message}/{message_id}"


def message_cause(message: str, message_id: str) -> str:
    """What commands name as their cause that a message asked for: a pacs.008's id alone, another message's with its kind before it."""
    return message_id if message == "pacs.008" else message_key(message, message_id)


def keys_of_cause(cause: str) -> tuple[str, ...]:
    """The keys under which the message can have been received that a command names as its cause; the message's own comes first where the
    cause could be read in two ways."""
    return (cause, message_key("pacs.008", cause)) if _HAS_KIND.match(cause) else (message_key("pacs.008", cause),)
