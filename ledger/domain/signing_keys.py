"""The public keys of a corridor: proposed by one person and let in by another, two at a time, ended by time or by two people.

Giving power takes two people, and so does taking it back for good; suspending a key takes one, since a lost key cannot wait for a
colleague. Who suspended it can neither confirm nor lift that alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.permissions import check_permissions
from ledger.domain.public_keys import check_public_key
from ledger.domain.signing_key_events import (
    SigningKey,
    SigningKeyDeclined,
    SigningKeyProposed,
    SigningKeyRegistered,
    SigningKeyRevoked,
    SigningKeysBegun,
    SigningKeySuspended,
    SigningKeySuspensionLifted,
)
from ledger.errors import (
    KeyIdTaken,
    KeyInvalid,
    KeysOverlap,
    KeyStepOutOfOrder,
    KeyUnknown,
    NotPermitted,
    PublicKeyTaken,
    SecondOfficerNeeded,
)

# At any instant a principal has at most so many keys: the one in use, and the one that follows it.
KEYS_AT_ONCE_MAX = 2
VALIDITY_MAX = timedelta(days=3 * 366)
KEEPERS = ("operator:", "officer:")


def check_keeper(by: Decision) -> None:
    """Raises NotPermitted unless a person acts who may handle keys: jobs and banks do not."""
    if not by.actor.startswith(KEEPERS):
        raise NotPermitted(
            f"{by.actor} cannot handle keys.",
            field="actor",
            value=by.actor,
            way_out="Let two operators or officers do it, one after the other.",
        )


def is_same_person(one: str, other: str) -> bool:
    """Whether two actors are one person: ``operator:amina`` and ``officer:amina`` are."""
    return one.partition(":")[2] == other.partition(":")[2]


class SigningKeys(Aggregate):
    """Decides which keys are in force. ``keys`` holds every key that was ever let in, ``proposals`` those that wait for a second person."""

    TOPIC = "SigningKeys"

    def __init__(self) -> None:
        self.keys: dict[str, SigningKey] = {}
        self.proposals: dict[str, SigningKeyProposed] = {}

    @classmethod
    def begin_for(cls, stream: UUID, by: Decision) -> SigningKeys:
        """No keys yet."""
        return cls.begin(SigningKeysBegun, stream, by)

    # Letting in

    def propose(
        self,
        by: Decision,
        *,
        participants: Iterable[str],
        key_id: str,
        principal: str,
        algorithm: str,
        public_key: str,
        valid_from: datetime,
        valid_until: datetime,
        permissions: tuple[str, ...],
    ) -> bool:
        """Asks for a new key. False when this very key is proposed or in the registry already.

        Raises NotPermitted, UnknownParticipant, PermissionUnknown, KeyAlgorithmUnknown, KeyInvalid, KeyWeak, KeyIdTaken, PublicKeyTaken,
        KeysOverlap.
        """
        facts: dict[str, Any] = {
            "key_id": key_id, "principal": principal, "algorithm": algorithm, "public_key": public_key,
            "valid_from": valid_from, "valid_until": valid_until, "permissions": permissions,
        }  # fmt: skip
        return self._propose(by, set(participants), facts)

    def propose_rotation(
        self,
        by: Decision,
        *,
        participants: Iterable[str],
        key_id: str,
        replaces: str,
        algorithm: str,
        public_key: str,
        valid_from: datetime,
        valid_until: datetime,
        replaced_until: datetime,
    ) -> bool:
        """Asks for a key that takes the place of another one, with its owner and permissions; both are valid until ``replaced_until``.

        Raises as `propose` does, and KeyUnknown or KeyStepOutOfOrder when there is no key in force to replace.
        """
        check_keeper(by)
        old = self._in_force(replaces, by.at, "replace")
        if not valid_from <= replaced_until:
            raise KeyInvalid(
                f"Key {replaces!r} would end before {key_id!r} begins.", field="replaced_until", value=replaced_until.isoformat(),
                way_out="Let the two overlap, so that no request falls between them.",
            )  # fmt: skip
        facts: dict[str, Any] = {
            "key_id": key_id, "principal": old.principal, "algorithm": algorithm, "public_key": public_key,
            "valid_from": valid_from, "valid_until": valid_until, "permissions": old.permissions,
            "replaces": replaces, "replaced_until": min(replaced_until, old.valid_until),
        }  # fmt: skip
        return self._propose(by, set(participants), facts)

    def _propose(self, by: Decision, participants: set[str], facts: dict[str, Any]) -> bool:
        check_keeper(by)
        check_permissions(facts["permissions"], facts["principal"], participants)
        check_public_key(facts["algorithm"], facts["public_key"])
        self._check_validity(facts, by.at)
        known: SigningKeyProposed | SigningKey | None = self.proposals.get(facts["key_id"]) or self.keys.get(facts["key_id"])
        if known is not None:
            if all(getattr(known, name) == value for name, value in facts.items() if hasattr(known, name)):
                return False
            raise KeyIdTaken(
                f"Key id {facts['key_id']!r} stands for another key.", field="key_id", value=facts["key_id"],
                way_out="Choose another key id.",
            )  # fmt: skip
        holders = {key.public_key: key.key_id for key in self.keys.values()} | {p.public_key: p.key_id for p in self.proposals.values()}
        if facts["public_key"] in holders:
            holder = holders[facts["public_key"]]
            raise PublicKeyTaken(
                    f"This public key was registered or proposed as {holder!r}.", field="public_key", value=holder,
                    way_out="Make a new key pair: one key has one owner and one life.",
                )  # fmt: skip
        self._check_overlap(facts, by.at)
        self.record(SigningKeyProposed, by, **facts)
        return True

    def approve(self, by: Decision, *, key_id: str, public_key: str) -> None:
        """A second person, who has the public key from its owner too, lets it in.

        Raises NotPermitted, KeyUnknown, KeyStepOutOfOrder, PublicKeyTaken (another key was proposed under this id), SecondOfficerNeeded,
        KeyInvalid (its time has passed), KeysOverlap.
        """
        check_keeper(by)
        proposal = self._proposal(key_id)
        if proposal.public_key != public_key:
            raise KeyInvalid(
                f"Another public key was proposed as {key_id!r}.", field="public_key", value=key_id,
                way_out="Compare both with the owner's own word; decline the proposal when it is not the owner's key.",
            )  # fmt: skip
        _check_other_person(by, proposal.actor, f"proposed key {key_id}")
        facts = {name: getattr(proposal, name) for name in _FACTS}
        self._check_validity(facts, by.at)
        if proposal.replaced_until is not None:
            old = self._in_force(proposal.replaces, by.at, "replace")
            # A late approval ends the old key now, never in the past: what it signed meanwhile was signed by a key in force.
            facts["replaced_until"] = min(max(proposal.replaced_until, by.at), old.valid_until)
        self._check_overlap(facts, by.at)
        self.record(SigningKeyRegistered, by, people=(proposal.actor, by.actor), **facts)

    def decline(self, by: Decision, *, key_id: str, reason: str) -> None:
        """Takes a proposal off the table, one's own or another's. Raises NotPermitted, KeyUnknown, KeyStepOutOfOrder."""
        check_keeper(by)
        self._proposal(key_id)
        self.record(SigningKeyDeclined, by, key_id=key_id, reason=reason)

    # Taking out

    def revoke(self, by: Decision, *, key_id: str, reason: str) -> str:
        """The first person suspends the key at once, a second one revokes it for good; what it is thereby.

        Raises NotPermitted, KeyUnknown, KeyStepOutOfOrder, SecondOfficerNeeded.
        """
        check_keeper(by)
        key = self._key(key_id)
        if key.state == "revoked":
            raise _out_of_order(key_id, "revoke", "revoked", "A revoked key stays revoked.")
        if key.state == "in force":
            self.record(SigningKeySuspended, by, key_id=key_id, reason=reason)
            return "suspended"
        _check_other_person(by, key.suspended_by, f"suspended key {key_id}")
        self.record(SigningKeyRevoked, by, key_id=key_id, reason=reason, people=(key.suspended_by, by.actor))
        return "revoked"

    def lift_suspension(self, by: Decision, *, key_id: str, reason: str) -> None:
        """A second person puts a suspended key back in force. Raises NotPermitted, KeyUnknown, KeyStepOutOfOrder, SecondOfficerNeeded."""
        check_keeper(by)
        key = self._key(key_id)
        if key.state != "suspended":
            raise _out_of_order(key_id, "lift the suspension of", key.state, "Only a suspended key can be put back in force.")
        _check_other_person(by, key.suspended_by, f"suspended key {key_id}")
        self.record(SigningKeySuspensionLifted, by, key_id=key_id, reason=reason, people=(key.suspended_by, by.actor))

    # Guards

    def _key(self, key_id: str) -> SigningKey:
        key = self.keys.get(key_id)
        if key is None:
            if key_id in self.proposals:
                raise _out_of_order(key_id, "take out", "only proposed", "Decline the proposal instead.")
            raise KeyUnknown(f"There is no key {key_id!r}.", field="key_id", value=key_id, way_out="List the corridor's keys.")
        return key

    def _in_force(self, key_id: str, now: datetime, step: str) -> SigningKey:
        key = self._key(key_id)
        if key.state != "in force" or key.valid_until <= now:
            state = key.state if key.state != "in force" else "no longer valid"
            raise _out_of_order(key_id, step, state, "Register a key that replaces none.")
        return key

    def _proposal(self, key_id: str) -> SigningKeyProposed:
        proposal = self.proposals.get(key_id)
        if proposal is None:
            if key_id in self.keys:
                raise _out_of_order(key_id, "decide about", "registered already", "Nothing is left to decide.")
            raise KeyUnknown(f"No key {key_id!r} was proposed.", field="key_id", value=key_id, way_out="List the corridor's keys.")
        return proposal

    @staticmethod
    def _check_validity(facts: dict[str, Any], now: datetime) -> None:
        begins, ends = facts["valid_from"], facts["valid_until"]
        if ends <= begins or ends <= now or ends - begins > VALIDITY_MAX:
            raise KeyInvalid(
                f"Key {facts['key_id']!r} would be valid from {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC.",
                field="valid_until",
                value=ends.isoformat(),
                way_out=f"Choose an end in the future, after the beginning and within {VALIDITY_MAX.days} days of it.",
            )

    def _check_overlap(self, facts: dict[str, Any], now: datetime) -> None:
        """A principal's keys that are or can come in force again, at every instant at which the new one begins to share its time."""
        begins, ends = max(facts["valid_from"], now), facts["valid_until"]
        others = [
            (key.valid_from, facts["replaced_until"] if key.key_id == facts.get("replaces") else key.valid_until)
            for key in self.keys.values()
            if key.principal == facts["principal"] and key.state != "revoked"
        ]
        for instant in (begins, *(start for start, _ in others if begins < start < ends)):
            if sum(start <= instant < end for start, end in others) >= KEYS_AT_ONCE_MAX:
                raise KeysOverlap(
                    f"{facts['principal']} would have more than {KEYS_AT_ONCE_MAX} keys on {instant:%Y-%m-%d %H:%M} UTC.",
                    field="valid_from", value=facts["key_id"],
                    way_out="Rotate a key, revoke one, or let the new one begin when an old one has ended.",
                )  # fmt: skip


_FACTS = (
    "key_id", "principal", "algorithm", "public_key", "valid_from", "valid_until", "permissions", "replaces", "replaced_until",
)  # fmt: skip


def _check_other_person(by: Decision, first: str, did: str) -> None:
    if is_same_person(by.actor, first):
        raise SecondOfficerNeeded(
            f"{first} {did}.", field="actor", value=by.actor, way_out="Another person must confirm it, under another name."
        )


def _out_of_order(key_id: str, step: str, state: str, way_out: str) -> KeyStepOutOfOrder:
    return KeyStepOutOfOrder(f"Cannot {step} key {key_id!r}: it is {state}.", field="key_id", value=key_id, way_out=way_out)
