"""When which public key was in force, as the facts about keys say: what evidence of the past is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter

GRACE: Final = timedelta(seconds=6)
"""Clocks may differ by five seconds, and a revocation reaches every process within one."""

_AN_INSTANT = TypeAdapter(datetime)
_LATEST = datetime.max.replace(tzinfo=UTC)


class KnownKey(NamedTuple):
    """Whose key it was and how to verify with it; ``times`` are the intervals in which it was in force, the end left out."""

    principal: str
    algorithm: str
    public_key: str
    times: tuple[tuple[datetime, datetime], ...]

    def in_force_between(self, begin: datetime, end: datetime) -> bool:
        """Whether it was in force at some instant from ``begin`` to ``end``, give or take what clocks and processes may differ by."""
        return any(begins <= end and begin < ends + GRACE for begins, ends in self.times)


class KeyTimes:
    """Takes the facts about a corridor's keys in their order."""

    def __init__(self) -> None:
        self.keys: dict[str, KnownKey] = {}
        self._until: dict[str, datetime] = {}

    def take(self, topic: str, facts: Mapping[str, Any]) -> None:
        """One fact; those that change no key's time are passed over."""
        step, key_id = topic.split(".")[1], facts.get("key_id", "")
        if step == "KeyRegistered":
            begins, until = max(instant(facts["valid_from"]), instant(facts["timestamp"])), instant(facts["valid_until"])
            self._until[key_id] = until
            self.keys[key_id] = KnownKey(facts["principal"], facts["algorithm"], facts["public_key"], ((begins, until),))
            if facts["replaced_until"] is not None and facts["replaces"] in self.keys:
                self._until[facts["replaces"]] = instant(facts["replaced_until"])
                self._end(facts["replaces"], self._until[facts["replaces"]])
        elif step == "KeySuspended" and key_id in self.keys:
            self._end(key_id, instant(facts["timestamp"]))
        elif step == "KeySuspensionLifted" and key_id in self.keys:
            known = self.keys[key_id]
            self.keys[key_id] = known._replace(times=(*known.times, (instant(facts["timestamp"]), self._until[key_id])))

    def _end(self, key_id: str, at: datetime) -> None:
        known = self.keys[key_id]
        begins, ends = known.times[-1]
        self.keys[key_id] = known._replace(times=(*known.times[:-1], (begins, min(ends, max(begins, at)))))


def instant(said: Any) -> datetime:
    """An instant as an event reads it; one without an offset, which nobody records, is taken as UTC."""
    read = _AN_INSTANT.validate_python(said)
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
