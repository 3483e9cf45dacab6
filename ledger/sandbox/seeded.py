"""Chance that repeats itself, for the demo: salts and ids out of a seed, and keys that guard nothing."""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class SeededEntropy:
    """A source of bytes for ids and salts (`ledger.privacy.entropy.Entropy`): the same label gives the same bytes again.

    A run that was killed is told apart from the next one by the label (`restart`): where it had stored somebody in the vault and not yet
    reached the log, the next run draws the same ids for the same people; where it had reached the log, it draws others.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.restart("")

    def restart(self, label: str) -> None:
        """Begins the bytes of this label from the start."""
        self._key = sha256(f"{self._seed}/{label}".encode()).digest()
        self._drawn = 0

    def __call__(self, length: int) -> bytes:
        drawn = b""
        while len(drawn) < length:
            drawn += sha256(self._key + self._drawn.to_bytes(8)).digest()
            self._drawn += 1
        return drawn[:length]


def sandbox_key(seed: int, principal: str) -> Ed25519PrivateKey:
    """The Ed25519 key with which a simulated ``principal`` (``abb``, ``officer:amina``) signs. Anybody who knows the seed has it too."""
    return Ed25519PrivateKey.from_private_bytes(sha256(f"{seed}/key/{principal}".encode()).digest())


def seeded_salt(seed: int, label: str) -> bytes:
    """A salt of 32 bytes for something that must be the same whenever it is said again."""
    return sha256(f"{seed}/salt/{label}".encode()).digest()


def chance(seed: int, label: str, below: int) -> int:
    """A whole number from 0 to below - 1 that belongs to this label for good."""
    return int.from_bytes(sha256(f"{seed}/chance/{label}".encode()).digest()[:8]) % below
