"""Part of I10: every key was let in and taken out by two people, and nobody had more than two at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ledger.key_times import instant
from ledger.verify.report import Rules
from ledger.verify.seen import Seen

_KEYS_AT_ONCE_MAX = 2
_OF_THE_KEY = (
    "key_id", "principal", "algorithm", "public_key", "valid_from", "valid_until", "permissions", "replaces",
)  # fmt: skip


class KeysCheck:
    """The keys as the facts about them say, compared with who may have said so."""

    def __init__(self, rules: Rules) -> None:
        self._legal = rules["I10"]
        self._proposals: dict[str, dict[str, Any]] = {}
        # Of each key that was let in: whose it is, from when until when, and who suspended it (None while it is in force).
        self._owners: dict[str, str] = {}
        self._times: dict[str, tuple[datetime, datetime]] = {}
        self._suspended_by: dict[str, str | None] = {}
        self._revoked: set[str] = set()

    def proposed(self, seen: Seen) -> None:
        """One person's word."""
        self._legal.checked += 1
        self._proposals[seen.facts["key_id"]] = seen.facts

    def declined(self, seen: Seen) -> None:
        """The proposal is gone."""
        self._legal.checked += 1
        if self._proposals.pop(seen.facts["key_id"], None) is None:
            self._breaks(seen, "was declined and not proposed")

    def registered(self, seen: Seen) -> None:
        """The second person's word on the very same key."""
        self._legal.checked += 1
        facts = seen.facts
        proposal = self._proposals.pop(facts["key_id"], None)
        if proposal is None or any(proposal[name] != facts[name] for name in _OF_THE_KEY):
            self._breaks(seen, "was registered otherwise than it was proposed")
        elif not _two_people(facts, proposal["actor"]):
            self._breaks(seen, f"was registered by {facts['people']}, proposed by {proposal['actor']} and approved by {facts['actor']}")
        key_id = facts["key_id"]
        if key_id in self._owners:
            self._breaks(seen, "was registered before")
        if facts["replaced_until"] is not None and facts["replaces"] in self._times:
            begins, _ = self._times[facts["replaces"]]
            self._times[facts["replaces"]] = begins, instant(facts["replaced_until"])
        self._owners[key_id], self._suspended_by[key_id] = facts["principal"], None
        self._times[key_id] = instant(facts["valid_from"]), instant(facts["valid_until"])
        self._check_at_once(seen)

    def _check_at_once(self, seen: Seen) -> None:
        now = instant(seen.facts["timestamp"])
        owner = seen.facts["principal"]
        times = [
            time for key_id, time in self._times.items() if self._owners[key_id] == owner and key_id not in self._revoked and time[1] > now
        ]
        for moment in (max(begins, now) for begins, _ in times):
            if sum(begins <= moment < ends for begins, ends in times) > _KEYS_AT_ONCE_MAX:
                self._breaks(seen, f"gives {owner} more than {_KEYS_AT_ONCE_MAX} keys on {moment:%Y-%m-%d}")
                return

    def suspended(self, seen: Seen) -> None:
        """One person is enough."""
        self._legal.checked += 1
        key_id = seen.facts["key_id"]
        if self._suspended_by.get(key_id, "") is not None:
            self._breaks(seen, "was suspended and not in force")
        self._suspended_by[key_id] = seen.facts["actor"]

    def lifted(self, seen: Seen) -> None:
        """The second person put it back."""
        self._second(seen, "lifted")
        self._suspended_by[seen.facts["key_id"]] = None

    def revoked(self, seen: Seen) -> None:
        """The second person confirmed."""
        self._second(seen, "revoked")
        self._revoked.add(seen.facts["key_id"])

    def _second(self, seen: Seen, what: str) -> None:
        self._legal.checked += 1
        key_id = seen.facts["key_id"]
        first = self._suspended_by.get(key_id)
        if first is None or key_id in self._revoked:
            self._breaks(seen, f"was {what} and not suspended")
        elif not _two_people(seen.facts, first):
            self._breaks(seen, f"was {what} by {seen.facts['people']}, suspended by {first} and {what} by {seen.facts['actor']}")

    def _breaks(self, seen: Seen, detail: str) -> None:
        self._legal.breaks(seen.position, f"key {seen.facts['key_id']!r} {detail}")


def _two_people(facts: dict[str, Any], first: str) -> bool:
    second = facts["actor"]
    return list(facts["people"]) == [first, second] and first.partition(":")[2] != second.partition(":")[2]
