"""Asks the ledger for what a message asks for, one command for each of its parts, each answered once and for ever."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from ledger.answers import Answer, Answered
from ledger.commands import Command
from ledger.domain import ids
from ledger.messages.present_status import Seen, transfers_at
from ledger.messages.received import Came, Incoming

# Commands queued together: enough for whole commits, never so many that no place is left for others.
CHUNK = 500
Part = TypeVar("Part", bound=Hashable)


def ask_all(incoming: Incoming, came: Came, commands: Sequence[Command]) -> list[Answer]:
    """The durable answers, decided in the order of the commands. Those asked for by the same message before are not decided again."""
    answers: list[Answer] = []
    for start in range(0, len(commands), CHUNK):
        chunk = commands[start : start + CHUNK]
        answers += incoming.ledger.execute_all(chunk, [came.asked] * len(chunk))
        if incoming.progress is not None:
            incoming.progress(len(answers), len(commands))
    return answers


def answered_before(incoming: Incoming, came: Came, parts: Iterable[Part]) -> dict[Part, Answer]:
    """The answers to those parts of the message that have one already; none where it came for the first time."""
    if not came.recognised:
        return {}
    digests = {part: ids.receipt_digest(incoming.actor, came.key_of(part)) for part in parts}
    ledger = incoming.ledger
    receipts = ledger.log_store.replay_receipts(list(digests.values()))
    return {
        part: ledger.answer(Answered(receipts[digest], replayed=True), came.asked) for part, digest in digests.items() if digest in receipts
    }


def seen_when_refused(incoming: Incoming, said: Mapping[Part, tuple[UUID, Answer]]) -> dict[Part, Seen]:
    """The transfers of refused parts as they stood when the ledger refused, as far as the sender could know of them.

    A part that is left out speaks of no transfer that is there for its sender, and is to be answered in just these words.
    """
    refused = {part: (uetr, answer.position) for part, (uetr, answer) in said.items() if answer.refusal is not None}
    seen = transfers_at(incoming.ledger, refused.values())
    return {part: seen[stand] for part, stand in refused.items() if stand in seen and seen[stand].known_to(incoming.actor)}
