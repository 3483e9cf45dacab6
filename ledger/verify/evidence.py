"""Part of I9: every signed request that is kept verifies, by a key of whoever its receipt says asked."""

from __future__ import annotations

from ledger.eventstore.connections import PostgresCursor
from ledger.eventstore.evidence import next_evidence, open_evidence
from ledger.evidence_check import wrong_with
from ledger.key_times import KeyTimes
from ledger.verify.report import Rules
from ledger.verify.seen import Seen


class EvidenceCheck:
    """Collects the keys while the log goes by, then looks at the evidence."""

    def __init__(self, rules: Rules, cursor: PostgresCursor, corridor: str) -> None:
        self._signed = rules["I9"]
        self._cursor, self._corridor = cursor, corridor
        self._keys = KeyTimes()

    def of_a_key(self, topic: str, seen: Seen) -> None:
        """A fact about a key, which may change when it was in force."""
        self._keys.take(topic, seen.facts)

    def end(self, last: int) -> None:
        """The log has ended; its keys are known."""
        open_evidence(self._cursor, self._corridor)
        while page := next_evidence(self._cursor):
            for command, position, partner, recorded_at, base, signature in page:
                self._signed.checked += 1
                if position is None or partner is None or recorded_at is None:
                    self._signed.breaks(last + 1, f"the signed request of command {command} belongs to no receipt")
                    continue
                wrong = wrong_with(
                    base, signature, corridor=self._corridor, command=command, partner=partner, recorded_at=recorded_at, keys=self._keys
                )
                if wrong is not None:
                    self._signed.breaks(position, f"the signed request of command {command}: {wrong}")
