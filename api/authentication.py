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

from collections.abc import Sequence
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
    Unauthenticated,
)
from api.gathering import Gathering
from api.key_registry import FoundKey
from api.message_signatures import Signature, signature_base
from api.nonces import Nonce
from api.signed_head import SignedHead, check_form, signature_of
from ledger.clock import Clock
from ledger.domain.signing_key_events import SigningKey
from ledger.errors import UnknownCorridor
from ledger.evidence import SignedRequest
from ledger.signatures import verifies

IN_FORCE = "in force"
CLOCK_SKEW = timedelta(seconds=5)


class Registry(Protocol):
    """Where keys are looked up; blocks on the database. See `KeyRegistry`."""

    def find(self, key_id: str, corridor: str) -> FoundKey | None:
        """The key that a signature names, as it stands by now; None when nobody registered it."""


class NonceBook(Protocol):
    """Where nonces are taken; blocks on the database. See `Nonces`."""

    def take(self, nonces: Sequence[Nonce], now: datetime) -> list[bool]:
        """For each whether it was taken now and never before."""


class Caller(NamedTuple):
    """Who asked: ``principal`` acts (``abb``, ``officer:amina``, ``operator:ops``, ``bank:settlement``) and signed with ``key_id``,
    which may be used for ``permissions``; ``signed`` is the evidence of that, None where a session stands for a person."""

    principal: str
    key_id: str
    corridor: str
    permissions: tuple[str, ...] = ()
    signed: SignedRequest | None = None


class Claim(NamedTuple):
    """A request whose signature verifies by a key that was known; not let in yet."""

    key: SigningKey
    corridor: str
    signed: SignedRequest
    nonce: Nonce


class Authenticator:
    """Decides who a request is from. One for each event loop; close it when done."""

    def __init__(self, registry: Registry, nonces: NonceBook, clock: Clock, *, age_seconds_max: int) -> None:
        self._registry = registry
        self._nonces = nonces
        self._clock = clock
        self._age_max = timedelta(seconds=age_seconds_max)
        # The keys that were in force in their own corridor when they were last looked at.
        self._known: dict[tuple[str, str], FoundKey] = {}
        self._looking = Gathering("keys", self._look_up)
        self._admitting = Gathering("nonces", self._admit_all)

    def close(self) -> None:
        """Ends the threads that ask the database."""
        self._looking.close()
        self._admitting.close()

    def signature(self, head: SignedHead) -> Signature:
        """The one signature that a head carries for this service. Raises SignatureMissing, SignatureMalformed, SignatureTagWrong."""
        return signature_of(head)

    async def identify(self, head: SignedHead, signature: Signature, corridor: str) -> Claim:
        """Whose signature the head carries. Raises a subclass of Unauthenticated."""
        check_form(signature, head)
        key_id, created = str(signature.parameters["keyid"]), datetime.fromtimestamp(signature.parameters["created"], UTC)
        now = self._clock()
        self._check_age(created, now)
        key, at_home = self._known.get((corridor, key_id)) or await self._looking.ask((corridor, key_id))
        _check_in_force(key, now)
        base = _check_signature(signature, head, key)
        signed = SignedRequest(key_id, created, signature.parameters["nonce"], base, signature.value)
        nonce = Nonce(f"{corridor if at_home else '*'} {key_id}", signature.parameters["nonce"], created + self._age_max + 2 * CLOCK_SKEW)
        return Claim(key, corridor, signed, nonce)

    async def admit(self, claim: Claim) -> Caller:
        """Lets a request in, once.

        Raises NonceReused; SigningKeyRevoked or SigningKeyNotInForce when its key is in force no more; UnknownCorridor to a stranger.
        """
        return await self._admitting.ask(claim)

    # For a whole group, in a thread

    def _look_up(self, wanted: Sequence[tuple[str, str]]) -> list[FoundKey | Exception]:
        found = {which: self._find(*which) for which in dict.fromkeys(wanted)}
        return [found[which] for which in wanted]

    def _find(self, corridor: str, key_id: str) -> FoundKey | Exception:
        """The key as it stands by now; it is known from now on, if it is one of this corridor and in force."""
        found = self._registry.find(key_id, corridor)
        if found is not None and found.at_home and found.key.state == IN_FORCE:
            self._known[corridor, key_id] = found
        else:
            self._known.pop((corridor, key_id), None)
        return found or SigningKeyUnknown(
            "The signing key is not registered.", field="keyid", value=key_id[:64], way_out="Have the operator register the key."
        )

    def _admit_all(self, claims: Sequence[Claim]) -> list[Caller | Exception]:
        """What is known of keys may have passed meanwhile, so they are found again; a nonce counts once in all processes."""
        now = self._clock()
        keys = self._look_up([(claim.corridor, claim.key.key_id) for claim in claims])
        answers = [_standing(claim, key, now) for claim, key in zip(claims, keys, strict=True)]
        standing = [number for number, answer in enumerate(answers) if not isinstance(answer, Unauthenticated)]
        first_uses = self._nonces.take([claims[number].nonce for number in standing], now)
        for number, first_use in zip(standing, first_uses, strict=True):
            if not first_use:
                answers[number] = NonceReused(
                    "A request with this nonce was taken before.", field="nonce", way_out="Sign each request anew, with a nonce of its own."
                )
        return answers

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


def no_such_corridor(corridor: str) -> UnknownCorridor:
    """The one answer about corridors that do not exist and those that are not the caller's."""
    return UnknownCorridor(
        f"There is no corridor {corridor[:64]!r} for you.",
        field="corridor",
        value=corridor[:64],
        way_out="Use the code of a corridor your bank belongs to.",
    )


def _check_signature(signature: Signature, head: SignedHead, key: SigningKey) -> bytes:
    """The base that the signature verifies over. Raises SignatureAlgorithmWrong, SignatureWrong."""
    stated = signature.parameters.get("alg", key.algorithm)
    if stated != key.algorithm:
        raise SignatureAlgorithmWrong(
            f"The signature says {str(stated)[:40]}, its key is registered for {key.algorithm}.",
            field="alg",
            value=str(stated)[:40],
            way_out="Sign by the registered algorithm; the parameter alg may be left out.",
        )
    base = _base(signature, head)
    if base is None or not verifies(key.algorithm, key.public_key, signature.value, base):
        raise SignatureWrong(
            "The signature does not verify over this request.",
            field="signature",
            way_out="Sign method, target URI and fields exactly as they are sent, with the registered key.",
        )
    return base


def _base(signature: Signature, head: SignedHead) -> bytes | None:
    """What was signed of this request; None when the signature covers what the request does not have."""
    try:
        values = [head.value(name) for name in signature.components]
    except KeyError:
        return None
    return signature_base(signature.components, values, signature.parameters_line)


def _check_in_force(key: SigningKey, now: datetime) -> None:
    if key.state != IN_FORCE:
        raise SigningKeyRevoked(
            f"The signing key was {key.state}.", field="keyid", value=key.key_id, way_out="Sign with a key that is in force."
        )
    if not key.valid_from <= now < key.valid_until:
        raise SigningKeyNotInForce(
            "The signing key is outside its validity.", field="keyid", value=key.key_id, way_out="Sign with a key that is in force."
        )


def _standing(claim: Claim, found: FoundKey | Exception, now: datetime) -> Caller | Exception:
    """Who asks, by the key as it stands now; it must be the very key that verified."""
    if isinstance(found, Exception):
        return found
    key = found.key
    try:
        _check_in_force(key, now)
    except Unauthenticated as refused:
        return refused
    if (key.algorithm, key.public_key, key.principal) != (claim.key.algorithm, claim.key.public_key, claim.key.principal):
        return SignatureWrong("The signing key was replaced meanwhile.", field="keyid", value=key.key_id, way_out="Sign again.")
    if not found.at_home:
        return no_such_corridor(claim.corridor)
    return Caller(key.principal, key.key_id, claim.corridor, key.permissions, claim.signed)
