"""The master key in a security module, by PKCS #11: it is made in there, it does its work in there, and it never comes out.

A key of a subject is encrypted and decrypted by the module with AES-256-GCM under a random 96-bit nonce, in the form that `keys` has for a
file: ``nonce ‖ ciphertext ‖ tag``. The library python-pkcs11 comes with the extra ``hsm``.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from threading import Lock
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, exceptions

from ledger.errors import Misconfigured
from ledger.privacy.errors import KeyProviderDown, WrongMasterKey
from ledger.privacy.framing import framed
from ledger.privacy.keys import KEY_BYTES, NONCE_BYTES, TAG_BYTES

_WRAP_PURPOSE = b"corridor/key-wrap/v1"
_NAME_PURPOSE = b"corridor/module-key-name/v1"
_ID_BYTES = 16


class ModuleKeyProvider:
    """The AES key called ``label`` in the token ``token`` of a PKCS #11 library.

    One session, used by one thread at a time; it is opened anew when the module ended it. Raises Misconfigured when the library, the token,
    the key or the PIN is not the right one, KeyProviderDown when the module does not answer.
    """

    def __init__(self, library: Path, token: str, label: str, pin: str) -> None:
        self._library, self._token, self._label, self._pin = library, token, label, pin
        self._lock = Lock()
        self._session: pkcs11.Session | None = None
        with self._lock:
            try:
                key = self._key()
            except Misconfigured:
                self._close()
                raise
            serial, key_id = self._serial, bytes(key[Attribute.ID])
        self._name = "module:" + hashlib.sha256(framed(_NAME_PURPOSE, serial, key_id)).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"ModuleKeyProvider({str(self._library)!r}, token={self._token!r}, label={self._label!r}, name={self._name!r})"

    @property
    def name(self) -> str:
        """``module:`` and sixteen hex digits that stand for the token and the key's random id in it."""
        return self._name

    def wrap(self, key: bytes) -> bytes:
        """``nonce ‖ ciphertext ‖ tag`` of the key, made by the module."""
        nonce = os.urandom(NONCE_BYTES)
        with self._lock:
            try:
                return nonce + bytes(self._key().encrypt(key, mechanism=Mechanism.AES_GCM, mechanism_param=_parameters(nonce)))
            except exceptions.PKCS11Error as error:
                raise self._down(error) from None

    def unwrap(self, wrapped: bytes) -> bytes:
        """The wrapped key; `WrongMasterKey` when this master key did not wrap exactly these bytes."""
        if len(wrapped) != NONCE_BYTES + KEY_BYTES + TAG_BYTES:
            raise WrongMasterKey(f"A wrapped key of {len(wrapped)} bytes is none; it was altered.")
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        with self._lock:
            try:
                return bytes(self._key().decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=_parameters(nonce)))
            except exceptions.PKCS11Error as error:
                if self._answers():
                    raise WrongMasterKey(
                        f"The master key {self._name} does not open this key: it was wrapped under another master key or altered."
                    ) from None
                raise self._down(error) from None

    # With the lock held

    def _key(self) -> Any:  # the library's own hints leave out what a key can do
        if self._session is None:
            self._session = self._open()
        try:
            return self._session.get_key(object_class=ObjectClass.SECRET_KEY, key_type=KeyType.AES, label=self._label)
        except (exceptions.NoSuchKey, exceptions.MultipleObjectsReturned):
            raise Misconfigured(
                f"The token {self._token} does not have exactly one AES key called {self._label}. Make it by `corridor keys master"
                " make-in-module`, or name another in CORRIDOR_KEY_LABEL."
            ) from None
        except exceptions.PKCS11Error as error:
            raise self._down(error) from None

    def _open(self) -> pkcs11.Session:
        token = _token(self._library, self._token)
        self._serial = bytes(token.serial)
        return _login(token, self._pin, writing=False)

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _answers(self) -> bool:
        """Whether the module still works with this key: a failure to open something is then that thing's fault."""
        nonce = os.urandom(NONCE_BYTES)
        try:
            self._key().encrypt(bytes(KEY_BYTES), mechanism=Mechanism.AES_GCM, mechanism_param=_parameters(nonce))
        except (exceptions.PKCS11Error, KeyProviderDown, Misconfigured):
            return False
        return True

    def _down(self, error: Exception) -> KeyProviderDown:
        self._session = None
        return KeyProviderDown(f"The security module does not do its work: {type(error).__name__}. Try again in a moment.")


def make_key(library: Path, token: str, label: str, pin: str) -> str:
    """Makes an AES-256 key in the token that never leaves it; its name. Raises Misconfigured, also when one of that label is there."""
    with _login(_token(library, token), pin, writing=True) as session:
        try:
            session.get_key(object_class=ObjectClass.SECRET_KEY, label=label)
        except exceptions.NoSuchKey:
            pass
        else:
            raise Misconfigured(f"The token {token} has a key called {label} already. Name another in CORRIDOR_KEY_LABEL.")
        session.generate_key(
            KeyType.AES,
            KEY_BYTES * 8,
            id=os.urandom(_ID_BYTES),
            label=label,
            store=True,
            template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.MODIFIABLE: False, Attribute.WRAP: False},
        )
    return ModuleKeyProvider(library, token, label, pin).name


def _token(library: Path, label: str) -> pkcs11.Token:
    try:
        return pkcs11.lib(str(library)).get_token(token_label=label)
    except (exceptions.NoSuchToken, exceptions.MultipleTokensReturned):
        raise Misconfigured(f"The module does not have exactly one token called {label}. Name it in CORRIDOR_KEY_TOKEN.") from None
    except (exceptions.PKCS11Error, RuntimeError, OSError):
        raise Misconfigured(f"{library} is no PKCS #11 library that can be used. Name one in CORRIDOR_KEY_MODULE.") from None


def _login(token: pkcs11.Token, pin: str, *, writing: bool) -> pkcs11.Session:
    try:
        return token.open(rw=writing, user_pin=pin)
    except (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange, exceptions.PinLocked, exceptions.PinExpired):
        raise Misconfigured("The token does not take this PIN. Write it in CORRIDOR_KEY_PIN or name its file.") from None
    except exceptions.UserAlreadyLoggedIn:
        # Another session of this process has shown the PIN; that counts for all of them.
        return token.open(rw=writing)
    except exceptions.PKCS11Error as error:
        raise KeyProviderDown(f"The security module does not open a session: {type(error).__name__}. Try again in a moment.") from None


def _parameters(nonce: bytes) -> pkcs11.GCMParams:
    return pkcs11.GCMParams(nonce, _WRAP_PURPOSE, TAG_BYTES * 8)
