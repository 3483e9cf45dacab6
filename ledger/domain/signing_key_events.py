"""What can happen to the public keys by which banks and people sign. Every key of a corridor stands in one stream."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from ledger.domain.aggregate import CreatedEvent, DecidedEvent

KeyState = Literal["in force", "suspended", "revoked"]


class SigningKey(NamedTuple):
    """A registered key as it stands: whose it is, how to verify with it, from when until when, for what, and who let it in.

    ``suspended_by`` is who took it out of force first, while it is suspended and after it was revoked.
    """

    key_id: str
    principal: str
    algorithm: str
    public_key: str
    valid_from: datetime
    valid_until: datetime
    permissions: tuple[str, ...]
    people: tuple[str, str]
    registered_at: datetime
    state: KeyState = "in force"
    suspended_by: str = ""


class SigningKeysBegun(CreatedEvent):
    """The first key of a corridor is proposed."""

    TOPIC = "SigningKeys.Begun.v1"

    def apply(self, aggregate: Any) -> None:
        """Nothing is known yet."""


class _KeyFacts(DecidedEvent):
    """``public_key`` is hex (see `public_keys`). ``replaces`` names the key that this one follows, which then ends at
    ``replaced_until``; it is empty for a key that follows none."""

    key_id: str
    principal: str
    algorithm: str
    public_key: str
    valid_from: datetime
    valid_until: datetime
    permissions: tuple[str, ...]
    replaces: str = ""
    replaced_until: datetime | None = None


class SigningKeyProposed(_KeyFacts):
    """One person asks that a public key be let in; it signs nothing yet."""

    TOPIC = "SigningKeys.KeyProposed.v1"

    def apply(self, aggregate: Any) -> None:
        aggregate.proposals = {**aggregate.proposals, self.key_id: self}


class SigningKeyDeclined(DecidedEvent):
    """The proposal is off the table; its key id is free again."""

    TOPIC = "SigningKeys.KeyDeclined.v1"
    key_id: str
    reason: str

    def apply(self, aggregate: Any) -> None:
        aggregate.proposals = {key_id: proposal for key_id, proposal in aggregate.proposals.items() if key_id != self.key_id}


class SigningKeyRegistered(_KeyFacts):
    """A second person agreed: ``people`` are who proposed and who approved."""

    TOPIC = "SigningKeys.KeyRegistered.v1"
    people: tuple[str, str]

    def apply(self, aggregate: Any) -> None:
        aggregate.proposals = {key_id: proposal for key_id, proposal in aggregate.proposals.items() if key_id != self.key_id}
        key = SigningKey(
            self.key_id, self.principal, self.algorithm, self.public_key, self.valid_from, self.valid_until, self.permissions, self.people,
            self.timestamp,
        )  # fmt: skip
        keys = {**aggregate.keys, self.key_id: key}
        if self.replaced_until is not None:
            keys[self.replaces] = keys[self.replaces]._replace(valid_until=self.replaced_until)
        aggregate.keys = keys


class SigningKeySuspended(DecidedEvent):
    """One person took the key out of force, from this instant on."""

    TOPIC = "SigningKeys.KeySuspended.v1"
    key_id: str
    reason: str

    def apply(self, aggregate: Any) -> None:
        key = aggregate.keys[self.key_id]._replace(state="suspended", suspended_by=self.actor)
        aggregate.keys = {**aggregate.keys, self.key_id: key}


class SigningKeySuspensionLifted(DecidedEvent):
    """A second person put the key back in force: ``people`` are who suspended it and who lifted that."""

    TOPIC = "SigningKeys.KeySuspensionLifted.v1"
    key_id: str
    reason: str
    people: tuple[str, str]

    def apply(self, aggregate: Any) -> None:
        key = aggregate.keys[self.key_id]._replace(state="in force", suspended_by="")
        aggregate.keys = {**aggregate.keys, self.key_id: key}


class SigningKeyRevoked(DecidedEvent):
    """A second person agreed that the key stays out of force for good: ``people`` are who suspended it and who confirmed."""

    TOPIC = "SigningKeys.KeyRevoked.v1"
    key_id: str
    reason: str
    people: tuple[str, str]

    def apply(self, aggregate: Any) -> None:
        aggregate.keys = {**aggregate.keys, self.key_id: aggregate.keys[self.key_id]._replace(state="revoked")}
