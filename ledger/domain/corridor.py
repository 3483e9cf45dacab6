"""The corridor: the terms in force, the keys that may sign, the cycles that follow one another."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from ledger.domain.aggregate import Aggregate, Decision
from ledger.domain.corridor_events import (
    CorridorCycleClosed,
    CorridorCycleSettled,
    CorridorKeyRegistered,
    CorridorKeyRevoked,
    CorridorOpened,
    CorridorTermsAmended,
)
from ledger.domain.terms import Terms
from ledger.errors import CorridorAlreadyOpen, KeyInvalid, TermsInvalid

ED25519_KEY_BYTES = 32


class Corridor(Aggregate):
    """Decides which terms and keys are in force."""

    TOPIC = "Corridor"
    SHARED = True

    def __init__(self) -> None:
        self.code = ""
        self.agreements: tuple[Terms, ...] = ()
        self.keys: dict[str, CorridorKeyRegistered] = {}
        self.revoked_keys: frozenset[str] = frozenset()
        self.last_cycle = 0
        self.last_boundary = 0
        self.unsettled_cycles: tuple[int, ...] = ()

    @classmethod
    def open(cls, stream: UUID, by: Decision, terms: Terms) -> Corridor:
        """The corridor begins with its first terms."""
        return cls.begin(CorridorOpened, stream, by, agreement=terms)

    def terms_on(self, day: date) -> Terms:
        """The newest version that is effective on ``day``; before the first one's date, the first."""
        in_force = self.agreements[0]
        for agreement in self.agreements:
            if agreement.effective_from <= day:
                in_force = agreement
        return in_force

    def amend(self, by: Decision, terms: Terms) -> bool:
        """New terms from a date on. False when these very terms are known already. Raises CorridorAlreadyOpen or TermsInvalid."""
        if terms in self.agreements:
            return False
        newest = self.agreements[-1]
        if terms.version == self.agreements[0].version:
            raise CorridorAlreadyOpen(
                f"{self.code} was opened with other terms of version {terms.version}.", field="version", value=terms.version,
                way_out=f"Number amended terms {newest.version + 1}.",
            )  # fmt: skip
        if terms.version != newest.version + 1:
            raise TermsInvalid(
                f"Version {terms.version} cannot follow version {newest.version} of {self.code}.", field="version", value=terms.version,
                way_out=f"Number the amended terms {newest.version + 1}.",
            )  # fmt: skip
        if terms.effective_from < newest.effective_from:
            raise TermsInvalid(
                f"Terms {terms.version} would take effect before terms {newest.version}.", field="effective_from",
                value=terms.effective_from, way_out=f"Choose {newest.effective_from} or later.",
            )  # fmt: skip
        if self._identity(terms) != self._identity(newest):
            raise TermsInvalid(
                "Code, participants and their currencies never change within a corridor.", field="participants", value=terms.code,
                way_out="Open another corridor.",
            )  # fmt: skip
        self.record(CorridorTermsAmended, by, agreement=terms)
        return True

    @staticmethod
    def _identity(terms: Terms) -> tuple[str, str, dict[str, str]]:
        return terms.code, terms.settlement.currency, {key: p.currency for key, p in terms.participants.items()}

    def register_key(
        self, by: Decision, *, key_id: str, principal: str, public_key: str, valid_from: datetime, valid_until: datetime
    ) -> bool:
        """Registers an Ed25519 key (RFC 8032; raw, hex). False when this very key is registered. Raises KeyInvalid."""
        known = self.keys.get(key_id)
        same = known is not None and (known.principal, known.public_key, known.valid_from, known.valid_until) == (
            principal, public_key, valid_from, valid_until,
        )  # fmt: skip
        if same:
            return False
        if known is not None or key_id in self.revoked_keys:
            raise KeyInvalid(f"Key id {key_id!r} is taken.", field="key_id", value=key_id, way_out="Choose another key id.")
        if not _is_hex_of(public_key, ED25519_KEY_BYTES) or valid_until <= valid_from:
            raise KeyInvalid(
                f"Key {key_id!r} is not a raw Ed25519 public key of 32 bytes in hex with a validity that begins before it ends.",
                field="public_key", value=key_id, way_out="Send the key as `corridor keys` prints it.",
            )  # fmt: skip
        self.record(
            CorridorKeyRegistered, by, key_id=key_id, principal=principal, algorithm="ed25519", public_key=public_key,
            valid_from=valid_from, valid_until=valid_until,
        )  # fmt: skip
        return True

    def revoke_key(self, by: Decision, *, key_id: str, reason: str) -> None:
        """From now on nothing signed by this key is accepted. Raises KeyInvalid when it is not registered."""
        if key_id not in self.keys:
            raise KeyInvalid(f"Key {key_id!r} is not registered.", field="key_id", value=key_id, way_out="Name a registered key.")
        self.record(CorridorKeyRevoked, by, key_id=key_id, reason=reason)

    def close_cycle(self, by: Decision, boundary: int) -> int:
        """The number of the cycle that ends at ``boundary``. One in which nothing is due is settled at once."""
        number = self.last_cycle + 1
        self.record(CorridorCycleClosed, by, number=number, boundary=boundary)
        return number

    def settle_cycle(self, by: Decision, number: int) -> None:
        """Every payment of the cycle is confirmed."""
        self.record(CorridorCycleSettled, by, number=number)


def _is_hex_of(text: str, length: int) -> bool:
    try:
        return len(bytes.fromhex(text)) == length
    except ValueError:
        return False
