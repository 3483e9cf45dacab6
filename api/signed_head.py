"""What of a request is signed, and the form its signature has to have before anybody asks whose it is.

A command covers exactly ``@method @target-uri content-type content-digest idempotency-key``, a read ``@method @target-uri``; both carry
``created``, ``keyid``, ``nonce`` and the tag ``corridor``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from api.errors import (
    DigestWrong,
    SignatureCoversMore,
    SignatureIncomplete,
    SignatureMalformed,
    SignatureMissing,
    SignatureTagWrong,
)
from api.message_signatures import (
    COMMAND_COMPONENTS,
    PARAMETERS,
    READ_COMPONENTS,
    TAG,
    Signature,
    digest_matches,
    read_signatures,
)

# Commands may lack these two; what then is missing is said once it is known who asks (400 and 415).
_COVERED_WHERE_SENT = ("content-type", "idempotency-key")
NONCE_CHARACTERS_MIN, NONCE_CHARACTERS_MAX = 16, 128


def joined(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Header lines in their order as fields: all lines of a name are one value (RFC 9110 §5.2)."""
    fields: dict[str, str] = {}
    for name, value in lines:
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


class SignedHead(NamedTuple):
    """What of a request is signed, before its body is read. ``fields`` by their names in lower case; see `joined`."""

    method: str
    url: str
    fields: Mapping[str, str]

    @property
    def reads(self) -> bool:
        """Whether it asks for no more than to be told something."""
        return self.method in ("GET", "HEAD")

    def value(self, component: str) -> str:
        """What a signature covers under a component's name. Raises KeyError for a field that was not sent."""
        if component == "@method":
            return self.method
        if component == "@target-uri":
            return self.url
        return self.fields[component]


def signature_of(head: SignedHead) -> Signature:
    """The one signature made for this service. Raises SignatureMissing, SignatureMalformed, SignatureTagWrong."""
    fields = head.fields
    if "signature-input" not in fields or "signature" not in fields:
        raise SignatureMissing(
            "Signature-Input and Signature are needed.", field="signature", way_out="Sign the request as the documentation shows."
        )
    try:
        ours = read_signatures(fields["signature-input"], fields["signature"], tag=TAG)
        if ours:
            [signature] = ours
            return signature
    except ValueError:
        raise _malformed() from None
    raise SignatureTagWrong("No signature carries the tag of this service.", field="tag", way_out=f'Sign with the parameter tag="{TAG}".')


def check_form(signature: Signature, head: SignedHead) -> None:
    """Raises SignatureIncomplete, SignatureCoversMore or SignatureMalformed unless it covers and states what it has to."""
    _check_parameters(signature)
    _check_covers(signature, head)


def required_components(head: SignedHead) -> tuple[str, ...]:
    """What the signature of this request has to cover: this and no more."""
    if head.reads:
        return READ_COMPONENTS
    return tuple(name for name in COMMAND_COMPONENTS if name not in _COVERED_WHERE_SENT or name in head.fields)


def check_digest(head: SignedHead, body: bytes) -> None:
    """Raises DigestWrong unless the signed Content-Digest is that of the body; a request with neither passes."""
    if not body and "content-digest" not in head.fields:
        return
    if head.reads:
        raise DigestWrong("A read carries no body.", field="content-digest", way_out="Send the body with a command.")
    if not digest_matches(head.fields.get("content-digest", ""), body):
        raise DigestWrong(
            "Content-Digest is not the sha-256 or sha-512 of the body.",
            field="content-digest",
            way_out="Compute it over the bytes that are sent, and sign it.",
        )


def _check_parameters(signature: Signature) -> None:
    parameters = signature.parameters
    for name in PARAMETERS:
        if name not in parameters:
            raise SignatureIncomplete(
                f"The signature lacks the parameter {name}.",
                field="signature-input",
                value=name,
                way_out=f"Sign with {' '.join(PARAMETERS)}.",
            )
    if "expires" in parameters:
        raise SignatureMalformed(
            "The signature states when it expires.", field="expires", way_out="Leave it out: the service fixes the window."
        )
    created, key_id, nonce = parameters["created"], parameters["keyid"], parameters["nonce"]
    if type(created) is not int or type(key_id) is not str or type(nonce) is not str:
        raise _malformed()
    try:
        datetime.fromtimestamp(created, UTC)
    except (ValueError, OverflowError, OSError):
        raise _malformed() from None
    if not NONCE_CHARACTERS_MIN <= len(nonce) <= NONCE_CHARACTERS_MAX:
        raise SignatureIncomplete(
            f"The nonce has {len(nonce)} characters.",
            field="nonce",
            way_out=f"Draw {NONCE_CHARACTERS_MIN} to {NONCE_CHARACTERS_MAX} random characters for each request.",
        )


def _check_covers(signature: Signature, head: SignedHead) -> None:
    required, covered = required_components(head), signature.components
    if covered == required:
        return
    for component in required:
        if component not in covered:
            raise SignatureIncomplete(
                f"The signature does not cover {component}.",
                field="signature-input",
                value=component,
                way_out=f"Cover {' '.join(required)}.",
            )
    if len(covered) > len(required):
        raise SignatureCoversMore(
            f"The signature covers {len(covered)} components, not {len(required)}.",
            field="signature-input",
            way_out=f"Cover {' '.join(required)}, each once and nothing else.",
        )


def _malformed() -> SignatureMalformed:
    return SignatureMalformed(
        "Signature-Input is not one readable signature with our tag.",
        field="signature-input",
        way_out="Send exactly one, as structured fields of RFC 9421 §4.",
    )
