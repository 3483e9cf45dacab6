"""The service's own key, by which it signs what it says: answers, and webhooks.

Its private half is a file; its id follows from its public half, so that nobody has to name it. The banks are told the public half by a
person (`corridor service-key`), never by the service itself: a key that came with what it signs would prove nothing.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from api.message_signatures import PrivateKey, algorithm_of, public_key_hex
from ledger.errors import Misconfigured
from ledger.settings import Settings

_OTHERS_MAY = 0o077


class ServiceKey(NamedTuple):
    """``key_id`` is "corridor-" and the first 16 digits of the public key's SHA-256."""

    key_id: str
    private_key: PrivateKey

    @property
    def algorithm(self) -> str:
        """As it is named in signatures (RFC 9421 §6.2.2)."""
        return algorithm_of(self.private_key)

    @property
    def public_key(self) -> str:
        """In hex, as `public_key_of` reads it."""
        return public_key_hex(self.private_key)


def service_key_of(private_key: PrivateKey) -> ServiceKey:
    """The key with the id that follows from it."""
    return ServiceKey(f"corridor-{sha256(bytes.fromhex(public_key_hex(private_key))).hexdigest()[:16]}", private_key)


def read_service_key(settings: Settings) -> ServiceKey:
    """The key in CORRIDOR_SERVICE_KEY_FILE; in demo mode one is made where there is none. Raises Misconfigured."""
    if not settings.service_key_file.exists() and not settings.production:
        _make(settings.service_key_file)
    return _read("CORRIDOR_SERVICE_KEY_FILE", settings.service_key_file, settings)


def read_next_service_key(settings: Settings) -> ServiceKey | None:
    """The key in CORRIDOR_SERVICE_KEY_NEXT_FILE, which follows the one in use: told to the banks, and used once it has taken that one's
    place. None when none is named. Raises Misconfigured."""
    path = settings.service_key_next_file
    return None if path is None else _read("CORRIDOR_SERVICE_KEY_NEXT_FILE", path, settings)


def _read(variable: str, path: Path, settings: Settings) -> ServiceKey:
    if not path.exists():
        raise Misconfigured(f"{variable}={path} does not exist. Make one with `corridor keys generate {path}`.")
    if settings.production and path.stat().st_mode & _OTHERS_MAY:
        raise Misconfigured(f"{variable}={path} can be read by others. Run: chmod 600 {path}")
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise Misconfigured(f"{variable}={path} holds no private key in PEM without a password.") from None
    if isinstance(key, Ed25519PrivateKey) or (isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)):
        return service_key_of(key)
    raise Misconfigured(f"{variable}={path} holds a key that is neither Ed25519 nor ECDSA P-256.")


def _make(path: Path) -> None:
    """A new file that holds the key whole or does not exist: two processes may start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    own = path.with_name(f"{path.name}.{os.getpid()}")
    own.touch(mode=0o600)
    own.write_bytes(pem)
    try:
        os.link(own, path)
    except FileExistsError:
        pass  # The other process was first; its key is the one.
    finally:
        own.unlink()
