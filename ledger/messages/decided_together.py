"""The commands of one message, decided some at a time: enough for whole commits, never so many that no place is left for others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.answers import Answer
from ledger.commands import Command
from ledger.messages.received import Came, Incoming

CHUNK: Final = 500


def decide(incoming: Incoming, came: Came, commands: Sequence[Command]) -> list[Answer]:
    """Every answer, waited for, in the order of the commands. After a crash the same message finds those that were given."""
    answers: list[Answer] = []
    for start in range(0, len(commands), CHUNK):
        chunk = commands[start : start + CHUNK]
        answers += incoming.ledger.execute_all(chunk, [came.asked] * len(chunk))
    return answers
