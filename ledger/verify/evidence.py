"""Part of I9: every signed request that is kept verifies, by a key of whoever its receipt says asked."""

from __future__ import annotations

from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.evidence import count_evidence, evidence_to_check, evidence_without_receipt
from ledger.eventstore.parts import BLOCKS, LEAST_BLOCKS
from ledger.evidence_check import wrong_with
from ledger.key_times import KeyTimes
from ledger.pacing import Pace, Pages
from ledger.verify.report import Rules
from ledger.verify.seen import Seen


class EvidenceCheck:
    """Collects the keys while the log goes by, then looks at the evidence."""

    def __init__(self, rules: Rules, cursor: PostgresCursor, corridor: str, pace: Pace, events: int) -> None:
        self._signed = rules["I9"]
        self._cursor, self._corridor, self._events = cursor, corridor, events
        self._pages = Pages(pace, BLOCKS, LEAST_BLOCKS)
        self._keys = KeyTimes()

    def of_a_key(self, topic: str, seen: Seen) -> None:
        """A fact about a key, which may change when it was in force."""
        self._keys.take(topic, seen.facts)

    def end(self, last: int) -> None:
        """The log has ended; its keys are known."""
        pages, kept = self._pages, 0
        for some in count_evidence(self._cursor, self._corridor, lambda: pages.size):
            kept += some
            pages.end()
        if kept == 0:
            return
        self._signed.checked += kept
        found = 0
        for part in evidence_to_check(self._cursor, self._corridor, lambda: pages.size, self._events):
            found += len(part)
            for command, position, partner, recorded_at, base, signature in part:
                wrong = wrong_with(
                    base, signature, corridor=self._corridor, command=command, partner=partner, recorded_at=recorded_at, keys=self._keys
                )
                if wrong is not None:
                    self._signed.breaks(position, f"the signed request of command {command}: {wrong}")
            pages.end()
        if found != kept:
            for command in evidence_without_receipt(self._cursor, self._corridor):
                self._signed.breaks(last + 1, f"the signed request of command {command} belongs to no receipt")
