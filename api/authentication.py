"""Who asks: HTTP Message Signatures (RFC 9421) over Content-Digest (RFC 9530), by keys that the corridor has registered.

A command covers ``@method @target-uri content-type content-digest idempotency-key``, a read ``@method @target-uri``; both carry
``created``, ``keyid``, ``nonce`` and the tag ``corridor``. The algorithm comes from the key registry, never from the message. Everything
here is decided before an idempotency key is looked up, so a request that fails burns none.

The key's principal becomes the actor of the command. A key of another corridor proves who asks, but gives nothing here: its owner is
told that there is no such corridor, in the same words as for a corridor that does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

import http_sf
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    MappingKeyResolver,
    algorithms,
)

from api.errors import (
    DigestWrong,
    NonceReused,
    SignatureFromTheFuture,
    SignatureIncomplete,
    SignatureMalformed,
    SignatureMissing,
    SignatureTagWrong,
    SignatureTooOld,
    SignatureWrong,
    SigningKeyNotInForce,
    SigningKeyUnknown,
)
from api.key_registry import KeyRegistry
from api.nonces import Nonces
from ledger.clock import Clock
from ledger.domain.public_keys import ECDSA_P256, ED25519
from ledger.domain.signing_key_events import SigningKey
from ledger.errors import UnknownCorridor
from ledger.signatures import load_public_key

TAG = "corridor"
READ_COMPONENTS = ("@method", "@target-uri")
COMMAND_COMPONENTS = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")
# Commands may lack these two; what then is missing is said once it is known who asks (400 and 415).
_COVERED_WHERE_SENT = ("content-type", "idempotency-key")
PARAMETERS = ("created", "keyid", "nonce", "tag")
ALGORITHMS: dict[str, type[HTTPSignatureAlgorithm]] = {ED25519: algorithms.ED25519, ECDSA_P256: algorithms.ECDSA_P256_SHA256}
CLOCK_SKEW = timedelta(seconds=5)
NONCE_CHARACTERS_MIN, NONCE_CHARACTERS_MAX = 16, 128


class SignedHead(NamedTuple):
    """What of a request is signed, before its body is read: the message that the library verifies."""

    method: str
    url: str
    headers: Fields

    def has(self, name: str) -> bool:
        return any(field == name for field, _ in self.headers.items())

    def value(self, name: str) -> str:
        """All lines of a field as one value (RFC 9110 §5.2)."""
        return ", ".join(value for field, value in self.headers.items() if field == name)


class Fields(NamedTuple):
    """Header lines in their order, names in lower case."""

    lines: tuple[tuple[str, str], ...]

    def items(self) -> Sequence[tuple[str, str]]:
        """One pair a line."""
        return self.lines


class Caller(NamedTuple):
    """Who asked: ``principal`` acts (``abb``, ``officer:amina``, ``operator:ops``, ``bank:settlement``) and signed with ``key_id``,
    which may be used for ``permissions``."""

    principal: str
    key_id: str
    corridor: str
    permissions: tuple[str, ...] = ()


class _Signature(NamedTuple):
    components: tuple[str, ...]
    key_id: str
    created: datetime
    nonce: str


class Authenticator:
    """Decides who a request is from. Safe to share between threads; blocks on the database."""

    def __init__(self, registry: KeyRegistry, clock: Clock, *, age_seconds_max: int) -> None:
        self._registry = registry
        self._clock = clock
        self._age_max = timedelta(seconds=age_seconds_max)
        self._nonces = Nonces()

    def caller(self, head: SignedHead, corridor: str) -> Caller:
        """Whose signature the head carries. Raises a subclass of Unauthenticated, or UnknownCorridor to a stranger of this one."""
        signature = _signature_of(head)
        self._check_covers(signature, head)
        now = self._clock()
        self._check_age(signature, now)
        key, at_home = self._key(signature.key_id, corridor)
        _check_in_force(key, now)
        _verify(head, key)
        if not self._nonces.first_use(
            f"{corridor if at_home else '*'} {signature.key_id}",
            signature.nonce,
            now=now,
            forget_at=signature.created + self._age_max + 2 * CLOCK_SKEW,
        ):
            raise NonceReused(
                "A request with this nonce was taken before.", field="nonce", way_out="Sign each request anew, with a nonce of its own."
            )
        if not at_home:
            raise no_such_corridor(corridor)
        return Caller(key.principal, key.key_id, corridor, key.permissions)

    def _key(self, key_id: str, corridor: str) -> tuple[SigningKey, bool]:
        """The key, and whether it is one of this very corridor."""
        registered = self._registry.of(corridor, knowing=key_id)
        if registered is not None:
            if key_id in registered.keys:
                return registered.keys[key_id], True
            if key_id in registered.revoked:
                raise SigningKeyNotInForce(
                    "The signing key was suspended or revoked.", field="keyid", value=key_id, way_out="Sign with a key that is in force."
                )
        key = self._registry.elsewhere(key_id, corridor)
        if key is None:
            raise SigningKeyUnknown(
                "The signing key is not registered.", field="keyid", value=key_id[:64], way_out="Have the operator register the key."
            )
        return key, False

    def _check_age(self, signature: _Signature, now: datetime) -> None:
        if signature.created > now + CLOCK_SKEW:
            raise SignatureFromTheFuture(
                "The signature was created later than now.", field="created", way_out="Set the clock right and sign again."
            )
        if signature.created < now - self._age_max - CLOCK_SKEW:
            raise SignatureTooOld(
                f"The signature was created more than {int(self._age_max.total_seconds())} seconds ago.",
                field="created",
                way_out="Sign again and send at once.",
            )

    def _check_covers(self, signature: _Signature, head: SignedHead) -> None:
        for component in required_components(head):
            if component not in signature.components:
                raise SignatureIncomplete(
                    f"The signature does not cover {component}.",
                    field="signature-input",
                    value=component,
                    way_out=f"Cover {' '.join(required_components(head))}.",
                )


def required_components(head: SignedHead) -> tuple[str, ...]:
    """What the signature of this request has to cover."""
    if head.method in ("GET", "HEAD"):
        return READ_COMPONENTS
    return tuple(name for name in COMMAND_COMPONENTS if name not in _COVERED_WHERE_SENT or head.has(name))


def check_digest(head: SignedHead, body: bytes) -> None:
    """Raises DigestWrong unless the signed Content-Digest is that of the body; a request with neither passes."""
    if not body and not head.has("content-digest"):
        return
    if head.method in ("GET", "HEAD"):
        raise DigestWrong("A read carries no body.", field="content-digest", way_out="Send the body with a command.")
    try:
        ContentDigest.verify(head.value("content-digest"), body)
    except HTTPMessageSignaturesException:
        raise DigestWrong(
            "Content-Digest is not the sha-256 or sha-512 of the body.",
            field="content-digest",
            way_out="Compute it over the bytes that are sent, and sign it.",
        ) from None


def no_such_corridor(corridor: str) -> UnknownCorridor:
    """The one answer about corridors that do not exist and those that are not the caller's."""
    return UnknownCorridor(
        f"There is no corridor {corridor[:64]!r} for you.",
        field="corridor",
        value=corridor[:64],
        way_out="Use the code of a corridor your bank belongs to.",
    )


def _signature_of(head: SignedHead) -> _Signature:
    """The one signature made for this service."""
    if not (head.has("signature-input") and head.has("signature")):
        raise SignatureMissing(
            "Signature-Input and Signature are needed.", field="signature", way_out="Sign the request as the documentation shows."
        )
    try:
        inputs = cast(dict[str, Any], http_sf.parse(head.value("signature-input").encode(), tltype="dictionary"))
        ours = [(members, parameters) for members, parameters in inputs.values() if parameters.get("tag") == TAG]
        if not ours:
            raise SignatureTagWrong(
                "No signature carries the tag of this service.", field="tag", way_out=f'Sign with the parameter tag="{TAG}".'
            )
        [(members, parameters)] = ours
        return _read(members, parameters)
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise SignatureMalformed(
            "Signature-Input is not one readable signature with our tag.",
            field="signature-input",
            way_out="Send exactly one, as structured fields of RFC 9421 §4.",
        ) from None


def _read(members: Any, parameters: Any) -> _Signature:
    for name in PARAMETERS:
        if name not in parameters:
            raise SignatureIncomplete(
                f"The signature lacks the parameter {name}.",
                field="signature-input",
                value=name,
                way_out=f"Sign with {' '.join(PARAMETERS)}.",
            )
    # A component with parameters (;bs, ;key) covers less or something else than the plain one: only plain ones count.
    components = tuple(value for value, item_parameters in members if not item_parameters)
    created, key_id, nonce = parameters["created"], parameters["keyid"], parameters["nonce"]
    if type(created) is not int or type(key_id) is not str or type(nonce) is not str:
        raise TypeError
    if not NONCE_CHARACTERS_MIN <= len(nonce) <= NONCE_CHARACTERS_MAX:
        raise SignatureIncomplete(
            f"The nonce has {len(nonce)} characters.",
            field="nonce",
            way_out=f"Draw {NONCE_CHARACTERS_MIN} to {NONCE_CHARACTERS_MAX} random characters for each request.",
        )
    return _Signature(components, key_id, datetime.fromtimestamp(created, UTC), nonce)


def _check_in_force(key: SigningKey, now: datetime) -> None:
    if not key.valid_from <= now < key.valid_until:
        raise SigningKeyNotInForce(
            "The signing key is outside its validity.", field="keyid", value=key.key_id, way_out="Sign with a key that is in force."
        )


class _Verifier(HTTPMessageVerifier):
    """The library's verifier, whose window was checked before against the injected clock."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:  # noqa: ARG002 - the library's signature
        """The library would read the machine's clock."""
        if "expires" in sig_input.params:
            raise SignatureMalformed(
                "The signature states when it expires.", field="expires", way_out="Leave it out: the service fixes the window."
            )


def _verify(head: SignedHead, key: SigningKey) -> None:
    public_key = load_public_key(key.algorithm, key.public_key)
    verifier = _Verifier(
        signature_algorithm=ALGORITHMS[key.algorithm],
        key_resolver=MappingKeyResolver(public_keys={key.key_id: public_key}, private_keys={}),
    )
    try:
        [_] = verifier.verify(head, expect_tag=TAG, max_age=None)
    except (HTTPMessageSignaturesException, ValueError):
        raise SignatureWrong(
            "The signature does not verify over this request.",
            field="signature",
            way_out="Sign method, target URI and fields exactly as they are sent, with the registered key.",
        ) from None
