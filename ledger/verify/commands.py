"""I6: every effect in the log belongs to one answered command, and every answer that promised an effect has it.

Receipts come in the order of the positions they name, so both sides are walked side by side and nothing is kept for long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from ledger.eventstore.audit import StoredReceipt, next_receipts, open_receipts, repeated_commands
from ledger.eventstore.connections import PostgresCursor
from ledger.verify.report import Rules

_KEPT_OF_A_REFUSAL = "ReconciliationBreak.Found"
"""The one fact a refused command may leave: a payment reported after the refund opens a break."""


class CommandsCheck:
    """Compares the commands that a commit's events name with the receipts that name its boundary."""

    def __init__(self, rules: Rules, cursor: PostgresCursor, corridor: str) -> None:
        self._once = rules["I6"]
        self._cursor, self._corridor = cursor, corridor
        open_receipts(cursor, corridor)
        self._receipts = self._stored()
        self._next = next(self._receipts, None)
        # Command -> (the first position that names it, whether all it left is a break).
        self._seen: dict[str, tuple[int, bool]] = {}

    def named(self, position: int, topic: str, command: str) -> None:
        """An event that a command decided."""
        only_break = topic.startswith(_KEPT_OF_A_REFUSAL)
        before = self._seen.get(command)
        if before is None:
            self._seen[command] = (position, only_break)
        elif before[1] and not only_break:
            self._seen[command] = (before[0], False)

    def booked(self, position: int, lines: list[list[Any]]) -> None:
        """Lines, each with the command that posted it."""
        seen = self._seen
        for _entry, _reference, command, *_ in lines:
            if command not in seen or seen[command][1]:
                seen[command] = (position, False)

    def boundary(self, boundary: int) -> None:
        """The end of a commit: its receipts are those that name this position."""
        answered: set[str] = set()
        while self._next is not None and self._next.position <= boundary:
            receipt, self._next = self._next, next(self._receipts, None)
            command = str(receipt.command)
            answered.add(command)
            self._once.checked += 1
            self._receipt(receipt, command, boundary)
        for command, (position, _) in self._seen.items():
            if command not in answered:
                self._once.breaks(position, f"command {command} has events and no receipt for this commit")
        self._seen.clear()

    @property
    def any(self) -> bool:
        """Whether any command was ever answered, even if all of them were refused before the first commit."""
        return self._once.checked > 0 or self._next is not None

    def end(self, last: int) -> None:
        """What is left when the log has ended."""
        while self._next is not None:
            self._once.breaks(last + 1, f"the receipt of command {self._next.command} names position {self._next.position}")
            self._next = next(self._receipts, None)
        for command, position in repeated_commands(self._cursor, self._corridor):
            self._once.breaks(position, f"command {command} has more than one receipt")

    def _receipt(self, receipt: StoredReceipt, command: str, boundary: int) -> None:
        if receipt.position != boundary:
            self._once.breaks(boundary, f"the receipt of command {command} names position {receipt.position}, where no commit ends")
        try:
            answer = from_json(receipt.answer)
            refused, result = "refusal" in answer, answer.get("result")
        except (ValueError, TypeError, AttributeError):
            self._once.breaks(boundary, f"the answer to command {command} cannot be read")
            return
        left = self._seen.get(command)
        if refused and left is not None and not left[1]:
            self._once.breaks(left[0], f"command {command} was refused and has events")
        if not refused and left is None and _promises_effect(result):
            self._once.breaks(boundary, f"command {command} was accepted and has no event in this commit")

    def _stored(self) -> Iterator[StoredReceipt]:
        while page := next_receipts(self._cursor):
            yield from page


def _promises_effect(result: dict[str, Any]) -> bool:
    """Whether an accepted command must have left an event. Those that found everything done already say so, or repeat a part of a return
    or the status of an account."""
    if "changed" in result:
        return bool(result["changed"])
    return result.get("state") != "returned" and not set(result) <= {"account", "status", "proposed"}
