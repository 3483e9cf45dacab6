"""I6: every effect in the log belongs to one answered command, and every answer that promised an effect has it.

Receipts come as they were stored, which is the order of the positions they name but for those of processes that wrote at once. So both
sides are walked side by side; effects without a receipt in its place are kept until it comes, or the receipts have ended.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Any

from pydantic_core import from_json

from ledger.eventstore.audit import StoredReceipt, repeated_commands, stored_receipts
from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.parts import LEAST_BLOCKS
from ledger.pacing import Pace, Pages
from ledger.verify.repeated import Repeated
from ledger.verify.report import Rules

Effects = dict[str, tuple[int, bool]]
"""Command -> the first position that names it, and whether all it left is a break."""

EVENTS_A_BLOCK = 10
"""Of receipts several times as many are read as belong to a page of events: what was written at once may lie some blocks apart."""
OTHERS_BLOCKS = 1_000
_KEPT_OF_A_REFUSAL = "ReconciliationBreak.Found"
"""The one fact a refused command may leave: a payment reported after the refund opens a break."""


class CommandsCheck:
    """Compares the commands that a commit's events name with the receipts that name its boundary."""

    def __init__(self, rules: Rules, cursor: PostgresCursor, corridor: str, *, pace: Pace, pages: Pages, events: int) -> None:
        self._once = rules["I6"]
        self._cursor, self._corridor, self._pages = cursor, corridor, pages
        self._receipts = stored_receipts(cursor, corridor, self._blocks, events)
        # While only receipts of other corridors are met.
        self._others: Pages | None = None
        self._pace = pace
        # Which position the middle of the last part that was read names, and of the one before. Not the highest: a block that was
        # filled late names positions far ahead, and reading would stand still until the log had come so far.
        self._read, self._read_before = -1, -1
        self._waiting: dict[int, list[StoredReceipt]] = {}
        self._commands = Repeated()
        self._seen: Effects = {}
        self._boundaries = array("q")
        self._owed: dict[int, Effects] = {}

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
        while self._read_before < boundary and self._read_on():
            pass
        self._boundaries.append(boundary)
        answered = set()
        for receipt in self._waiting.pop(boundary, ()):
            command = str(receipt.command)
            answered.add(command)
            self._receipt(receipt, command, boundary, self._seen)
        owed = {command: left for command, left in self._seen.items() if command not in answered}
        if owed:
            self._owed[boundary] = owed
        self._seen.clear()

    @property
    def any(self) -> bool:
        """Whether any command was ever answered, even if all of them were refused before the first commit."""
        return self._once.checked > 0 or bool(self._waiting)

    def end(self, last: int) -> None:
        """What is left when the log has ended."""
        while self._read_on():
            self._pages.end()
        for receipts in self._waiting.values():
            for receipt in receipts:
                self._late(receipt, last)
        for effects in self._owed.values():
            for command, (position, _) in effects.items():
                self._once.breaks(position, f"command {command} has events and no receipt for this commit")
        if self._commands.any(self._pages.end):
            for repeated, position in repeated_commands(self._cursor, self._corridor):
                self._once.breaks(position, f"command {repeated} has more than one receipt")

    def _read_on(self) -> bool:
        """Reads another part of the receipts, if there is one."""
        part = next(self._receipts, None)
        if part is None:
            return False
        if not part:
            self._others = self._others or Pages(self._pace, OTHERS_BLOCKS, LEAST_BLOCKS)
            self._others.end()
            return True
        self._others = None
        passed = self._boundaries[-1] if self._boundaries else -1
        for receipt in part:
            self._commands.add(receipt.command)
            if receipt.position <= passed:
                self._late(receipt, passed)
            else:
                self._waiting.setdefault(receipt.position, []).append(receipt)
        self._read_before, self._read = self._read, sorted(receipt.position for receipt in part)[len(part) // 2]
        return True

    def _blocks(self) -> int:
        """How many blocks of receipts are read next."""
        return max(LEAST_BLOCKS, self._pages.size // EVENTS_A_BLOCK) if self._others is None else self._others.size

    def _late(self, receipt: StoredReceipt, last: int) -> None:
        """A receipt that was not there when the log, which was read up to ``last``, was at its position; or that no commit belongs to."""
        position, command = receipt.position, str(receipt.command)
        at = bisect_left(self._boundaries, position)
        if position > last or at == len(self._boundaries):
            self._once.breaks(last + 1, f"the receipt of command {command} names position {position}")
            return
        boundary = self._boundaries[at]
        if boundary != position:
            self._once.breaks(boundary, f"the receipt of command {command} names position {position}, where no commit ends")
        effects = self._owed.get(boundary, {})
        self._receipt(receipt, command, boundary, effects)
        effects.pop(command, None)
        if not effects:
            self._owed.pop(boundary, None)

    def _receipt(self, receipt: StoredReceipt, command: str, boundary: int, effects: Effects) -> None:
        """Compares an answer with what its command left in the commit that it names."""
        self._once.checked += 1
        try:
            answer = from_json(receipt.answer)
            refused, result = "refusal" in answer, answer.get("result")
        except (ValueError, TypeError, AttributeError):
            self._once.breaks(boundary, f"the answer to command {command} cannot be read")
            return
        left = effects.get(command)
        if refused and left is not None and not left[1]:
            self._once.breaks(left[0], f"command {command} was refused and has events")
        if not refused and left is None and _promises_effect(result):
            self._once.breaks(boundary, f"command {command} was accepted and has no event in this commit")


def _promises_effect(result: dict[str, Any]) -> bool:
    """Whether an accepted command must have left an event. Those that found everything done already say so, or repeat a part of a return
    or the status of an account."""
    if "changed" in result:
        return bool(result["changed"])
    return result.get("state") != "returned" and not set(result) <= {"account", "status", "proposed"}
