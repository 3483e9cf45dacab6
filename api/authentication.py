"""Who asks: HTTP Message Signatures (RFC 9421) over Content-Digest (RFC 9530), by keys that the corridor has registered.

What a signature has to cover and to state is in `signed_head`. The algorithm comes from the key registry, never from the message.
Everything here is decided before an idempotency key is looked up, so a request that fails burns none.

It goes in two steps, with the reading of the body between them. `Authenticator.identify` decides by the head, from keys that were read
before. `Authenticator.admit` asks the database, for all requests that came meanwhile together, whether those keys are still in force and
takes the nonces: last of all, so that nobody can use up the nonce of a request that he altered.

The key's principal becomes the actor of the command. A key of another corridor proves who asks, but gives nothing here: its owner is
told that there is no such corridor, in the same words as for a corridor that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from api.errors import (
    NonceReused,
    SignatureAlgorithmWrong,
    SignatureFromTheFuture,
    SignatureTooOld,
    SignatureWrong,
    SigningKeyNotInForce,
    SigningKeyRevoked,
    SigningKeyUnknown,
)
from api.gathering import Gathering
from api.message_signatures import PublicKey, Signature, public_key_of, signature_base, verifies
from api.nonces import Nonce
from api.signed_head import SignedHead, signature_of
from ledger.clock import Clock
from ledger.errors import UnknownCorridor

CLOCK_SKEW = timedelta(seconds=5)


class RegisteredKey(Protocol):
    """A key as its registration says; see `CorridorKeyRegistered`."""

    @property
    def key_id(self) -> str: ...
    @property
    def principal(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def public_key(self) -> str: ...
    @property
    def valid_from(self) -> datetime: ...
    @property
    def valid_until(self) -> datetime: ...


class Keys(Protocol):
    """The keys of one corridor, as they stood when they were read."""

    @property
    def keys(self) -> Mapping[str, RegisteredKey]: ...
    @property
    def revoked(self) -> frozenset[str]: ...


class Registry(Protocol):
    """Where keys are looked up; both methods block on the database."""

    def of(self, corridor: str) -> Keys | None:
        """The keys of a corridor as they stand now; None when it was never opened."""

    def elsewhere(self, key_id: str, corridor: str) -> RegisteredKey | None:
        """The key that any other corridor has registered under this id, if one has."""


class NonceBook(Protocol):
    """Where nonces are taken; blocks on the database. See `Nonces`."""

    def take(self, nonces: Sequence[Nonce], now: datetime) -> list[bool]:
        """For each whether it was taken now and never before."""


class Caller(NamedTuple):
    """Who asked: ``principal`` acts (``abb``, ``officer:amina``, ``operator:ops``, ``bank:settlement``) and signed with ``key_id``."""

    principal: str
    key_id: str
    corridor: str


class Claim(NamedTuple):
    """A request whose signature verifies by a key that was known; not let in yet. ``at_home``: the key is one of this very corridor."""

    key: RegisteredKey
    corridor: str
    at_home: bool
    signature: Signature
    nonce: Nonce


class Authenticator:
    """Decides who a request is from. One for each event loop; close it when done."""

    def __init__(self, registry: Registry, nonces: NonceBook, clock: Clock, *, age_seconds_max: int) -> None:
        self._registry = registry
        self._nonces = nonces
        self._clock = clock
        self._age_max = timedelta(seconds=age_seconds_max)
        self._known: dict[str, Keys] = {}
        self._public_keys: dict[tuple[str, str], PublicKey] = {}
        self._looking = Gathering("keys", self._look_up)
        self._admitting = Gathering("nonces", self._admit_all)

    def close(self) -> None:
        """Ends the threads that ask the database."""
        self._looking.close()
        self._admitting.close()

    async def identify(self, head: SignedHead, corridor: str) -> Claim:
        """Whose signature the head carries. Raises a subclass of Unauthenticated."""
        signature = signature_of(head)
        key_id = str(signature.parameters["keyid"])
        created = datetime.fromtimestamp(signature.parameters["created"], UTC)
        now = self._clock()
        self._check_age(created, now)
        known = self._known.get(corridor)
        if known is not None and key_id in known.keys:
            key, at_home = known.keys[key_id], True
        else:
            key, at_home = await self._looking.ask((key_id, corridor))
        _check_in_force(key, now)
        self._check_signature(signature, head, key)
        signer = f"{corridor if at_home else '*'} {key_id}"
        nonce = Nonce(signer, signature.parameters["nonce"], created + self._age_max + 2 * CLOCK_SKEW)
        return Claim(key, corridor, at_home, signature, nonce)

    async def admit(self, claim: Claim) -> Caller:
        """Lets a request in, once. Raises NonceReused, SigningKeyRevoked, or UnknownCorridor to a stranger of this one."""
        return await self._admitting.ask(claim)

    # For a whole group, in a thread

    def _look_up(self, wanted: Sequence[tuple[str, str]]) -> list[tuple[RegisteredKey, bool] | Exception]:
        for corridor in {corridor for _, corridor in wanted}:
            self._read(corridor)
        return [self._found(key_id, corridor) for key_id, corridor in wanted]

    def _read(self, corridor: str) -> Keys | None:
        keys = self._registry.of(corridor)
        if keys is not None:
            self._known[corridor] = keys
        return keys

    def _found(self, key_id: str, corridor: str) -> tuple[RegisteredKey, bool] | Exception:
        """The key, and whether it is one of this very corridor."""
        known = self._known.get(corridor)
        if known is not None:
            if key_id in known.keys:
                return known.keys[key_id], True
            if key_id in known.revoked:
                return _revoked(key_id)
        key = self._registry.elsewhere(key_id, corridor)
        if key is None:
            return SigningKeyUnknown(
                "The signing key is not registered.", field="keyid", value=key_id[:64], way_out="Have the operator register the key."
            )
        return key, False

    def _admit_all(self, claims: Sequence[Claim]) -> list[Caller | Exception]:
        """A key counts until its revocation is in the log, so the log is asked again; a nonce counts once in all processes."""
        now_known = {corridor: self._read(corridor) for corridor in {claim.corridor for claim in claims if claim.at_home}}
        standing = [claim for claim in claims if not claim.at_home or _stands(claim, now_known[claim.corridor])]
        first_uses = self._nonces.take([claim.nonce for claim in standing], self._clock())
        taken = {id(claim): first_use for claim, first_use in zip(standing, first_uses, strict=True)}
        return [self._admitted(claim, taken.get(id(claim))) for claim in claims]

    @staticmethod
    def _admitted(claim: Claim, first_use: bool | None) -> Caller | Exception:
        if first_use is None:
            return _revoked(claim.key.key_id)
        if not first_use:
            return NonceReused(
                "A request with this nonce was taken before.", field="nonce", way_out="Sign each request anew, with a nonce of its own."
            )
        if not claim.at_home:
            return no_such_corridor(claim.corridor)
        return Caller(claim.key.principal, claim.key.key_id, claim.corridor)

    # By the head alone

    def _check_age(self, created: datetime, now: datetime) -> None:
        if created > now + CLOCK_SKEW:
            raise SignatureFromTheFuture(
                "The signature was created later than now.", field="created", way_out="Set the clock right and sign again."
            )
        if created < now - self._age_max - CLOCK_SKEW:
            raise SignatureTooOld(
                f"The signature was created more than {int(self._age_max.total_seconds())} seconds ago.",
                field="created",
                way_out="Sign again and send at once.",
            )

    def _check_signature(self, signature: Signature, head: SignedHead, key: RegisteredKey) -> None:
        stated = signature.parameters.get("alg", key.algorithm)
        if stated != key.algorithm:
            raise SignatureAlgorithmWrong(
                f"The signature says {str(stated)[:40]}, its key is registered for {key.algorithm}.",
                field="alg",
                value=str(stated)[:40],
                way_out="Sign by the registered algorithm; the parameter alg may be left out.",
            )
        if not self._verifies(signature, head, key):
            raise SignatureWrong(
                "The signature does not verify over this request.",
                field="signature",
                way_out="Sign method, target URI and fields exactly as they are sent, with the registered key.",
            )

    def _verifies(self, signature: Signature, head: SignedHead, key: RegisteredKey) -> bool:
        try:
            values = [head.value(name) for name in signature.components]
        except KeyError:
            return False
        return verifies(self._public_key(key), signature.value, signature_base(signature.components, values, signature.parameters_line))

    def _public_key(self, key: RegisteredKey) -> PublicKey:
        """Read once: making a key of its bytes takes as long as a signature check does."""
        named = key.algorithm, key.public_key
        found = self._public_keys.get(named)
        if found is None:
            found = self._public_keys[named] = public_key_of(*named)
        return found


def no_such_corridor(corridor: str) -> UnknownCorridor:
    """The one answer about corridors that do not exist and those that are not the caller's."""
    return UnknownCorridor(
        f"There is no corridor {corridor[:64]!r} for you.",
        field="corridor",
        value=corridor[:64],
        way_out="Use the code of a corridor your bank belongs to.",
    )


def _check_in_force(key: RegisteredKey, now: datetime) -> None:
    if not key.valid_from <= now < key.valid_until:
        raise SigningKeyNotInForce(
            "The signing key is outside its validity.", field="keyid", value=key.key_id, way_out="Sign with a key that is in force."
        )


def _stands(claim: Claim, keys: Keys | None) -> bool:
    """Whether the key that verified is the one that is registered now."""
    return keys is not None and keys.keys.get(claim.key.key_id) == claim.key


def _revoked(key_id: str) -> SigningKeyRevoked:
    return SigningKeyRevoked("The signing key was revoked.", field="keyid", value=key_id, way_out="Sign with a key that is in force.")
