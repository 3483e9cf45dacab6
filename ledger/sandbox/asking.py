"""How a simulated actor asks the ledger, and what it does about a refusal it did not expect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.application import Ledger
from ledger.batching import Answer
from ledger.commands import Command
from ledger.errors import LedgerError


class UnexpectedRefusal(LedgerError):
    """The ledger refused what the simulation was sure of: ledger and simulation have parted, so the run stops here."""


def ask_all(ledger: Ledger, commands: Sequence[Command]) -> list[dict[str, Any]]:
    """The results of commands decided together; asked again under the same keys they are the same. Raises UnexpectedRefusal."""
    answers = ledger.execute_all(commands) if commands else []
    return [result_of(command, answer) for command, answer in zip(commands, answers, strict=True)]


def ask(ledger: Ledger, command: Command) -> dict[str, Any]:
    """The result of one command. Raises UnexpectedRefusal."""
    return ask_all(ledger, [command])[0]


def result_of(command: Command, answer: Answer) -> dict[str, Any]:
    """Raises UnexpectedRefusal, which says who asked what and why the ledger said no."""
    if answer.result is None:
        refusal = answer.refusal or {}
        raise UnexpectedRefusal(
            f"{type(command).__name__} by {command.actor} ({command.idempotency_key}) was refused: {refusal.get('code')}: "
            f"{refusal.get('detail')}"
        )
    return answer.result
