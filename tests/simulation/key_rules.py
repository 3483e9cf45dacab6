"""The auditor's own idea of public keys: two people let one in, two at most at any instant, one person suspends, two revoke or lift."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

Json = dict[str, Any]


class KeyRules:
    """Takes the facts about keys in their order and says what is wrong with each."""

    def __init__(self) -> None:
        self._proposed: dict[str, Json] = {}
        self._keys: dict[str, Json] = {}
        self._suspended: dict[str, str] = {}
        self._revoked: set[str] = set()

    def take(self, topic: str, said: Json) -> Iterator[str]:
        """What this fact breaks, in words."""
        step, key_id = topic.partition(".")[2], said.get("key_id", "")
        if step == "KeyProposed":
            self._proposed[key_id] = said
        elif step == "KeyDeclined":
            if self._proposed.pop(key_id, None) is None:
                yield f"{key_id} was declined and not proposed"
        elif step == "KeyRegistered":
            proposal = self._proposed.pop(key_id, None)
            if proposal is None or proposal["public_key"] != said["public_key"] or not two(proposal["actor"], said):
                yield f"{key_id} was let in by {said['people']}"
            if said["replaces"]:
                self._keys[said["replaces"]]["valid_until"] = said["replaced_until"]
            self._keys[key_id] = said
            yield from self._more_than_two(said)
        elif step == "KeySuspended":
            if key_id not in self._keys or key_id in self._suspended:
                yield f"{key_id} was suspended and not in force"
            self._suspended[key_id] = said["actor"]
        elif step in ("KeySuspensionLifted", "KeyRevoked"):
            if key_id in self._revoked or not two(self._suspended.get(key_id, said["actor"]), said):
                yield f"{key_id}: {step} by {said['people']}"
            if step == "KeyRevoked":
                self._revoked.add(key_id)
            else:
                self._suspended.pop(key_id, None)

    def _more_than_two(self, said: Json) -> Iterator[str]:
        now = datetime.fromisoformat(said["timestamp"])
        times = [
            (max(now, datetime.fromisoformat(key["valid_from"])), datetime.fromisoformat(key["valid_until"]))
            for key_id, key in self._keys.items()
            if key["principal"] == said["principal"] and key_id not in self._revoked
        ]
        if any(sum(begins <= instant < ends for begins, ends in times) > 2 for instant, _ in times):
            yield f"{said['key_id']} is one key too many"


def two(first: str, said: Json) -> bool:
    """Whether the fact names this first person and its actor, and they are two."""
    return said["people"] == [first, said["actor"]] and first.split(":")[1] != said["actor"].split(":")[1]
