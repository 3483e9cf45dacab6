"""Whether evidence proves what it is kept for: checked from what is stored alone, without the service and without asking anybody.

The signature must verify over the stored base, by a key of whoever the receipt says asked, which was in force when the request was made;
and the base must speak of this very command.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast
from urllib.parse import urlsplit
from uuid import UUID

import http_sf

from ledger.domain import ids
from ledger.key_times import KeyTimes
from ledger.signatures import verifies

_PARAMETERS: Final = '"@signature-params": '
_DIGESTS: Final = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
# What comes in under an id of its own, so that its command is not named by the idempotency key that was signed.
_KNOWN_BY_THEIR_CONTENT: Final = ("/messages", "/rate-sheets")


class Stated(NamedTuple):
    """What a signature base says: who signed when, and the signed components by name."""

    key_id: str
    created: datetime
    nonce: str
    components: Mapping[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.components.get("@target-uri", "")).path

    @property
    def idempotency_key(self) -> str:
        """The key in the signed field; empty where there is none that can be read."""
        try:
            key, _ = cast(tuple[Any, Any], http_sf.parse(self.components.get("idempotency-key", "").encode(), tltype="item"))
        except (ValueError, TypeError):
            return ""
        return key if type(key) is str else ""


def read_base(base: bytes) -> Stated | None:
    """What a base says (RFC 9421 §2.5); None when it is none."""
    try:
        *lines, last = base.decode().split("\n")
        if not last.startswith(_PARAMETERS):
            return None
        signed = cast(dict[str, Any], http_sf.parse(f"it={last.removeprefix(_PARAMETERS)}".encode(), tltype="dictionary"))
        _, parameters = signed["it"]
        components = {name.strip('"'): value for name, _, value in (line.partition(": ") for line in lines)}
        created = datetime.fromtimestamp(parameters["created"], UTC)
        return Stated(str(parameters["keyid"]), created, str(parameters["nonce"]), components)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError):
        return None


def wrong_with(  # noqa: PLR0911 - one line for each thing that can be wrong
    base: bytes, signature: bytes, *, corridor: str, command: UUID, partner: str, recorded_at: datetime, keys: KeyTimes
) -> str | None:
    """Why this is no evidence that ``partner`` asked for the command, in words; None when it is."""
    stated = read_base(base)
    if stated is None:
        return "the signature base cannot be read"
    key = keys.keys.get(stated.key_id)
    if key is None:
        return f"key {stated.key_id!r} was never registered"
    if key.principal != partner:
        return f"key {stated.key_id!r} is {key.principal}'s, the receipt says {partner}"
    if not verifies(key.algorithm, key.public_key, signature, base):
        return f"the signature does not verify by key {stated.key_id!r}"
    if not key.in_force_between(stated.created, recorded_at):
        return f"key {stated.key_id!r} was not in force when the request was signed at {stated.created:%Y-%m-%d %H:%M:%S} UTC"
    prefix = f"/v1/corridors/{corridor}/"
    if not stated.path.startswith(prefix):
        return "the request was made of another corridor"
    if not stated.path.endswith(_KNOWN_BY_THEIR_CONTENT) and command != ids.command_id(corridor, partner, stated.idempotency_key):
        return "the request asked for another command"
    return None


def digest_fits(stated: Stated, body: bytes) -> bool:
    """Whether the signed Content-Digest (RFC 9530) is that of the body."""
    try:
        digests = cast(dict[str, Any], http_sf.parse(stated.components["content-digest"].encode(), tltype="dictionary"))
    except (ValueError, TypeError, KeyError):
        return False
    known = [(name, value) for name, (value, _) in digests.items() if name in _DIGESTS]
    return bool(known) and all(_DIGESTS[name](body).digest() == value for name, value in known)
