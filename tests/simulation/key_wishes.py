"""What people wish for about public keys, at random: plausible as things stand, or not."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import commands as c
from ledger.commands import Command
from ledger.domain import ids
from ledger.domain.signing_keys import SigningKeys
from tests.unit.corridor_fixtures import ABB, AMINA, BAO, CORRIDOR, OPERATOR, PSBC, ask
from tests.unit.memory_ledger import MemoryLedger

# The last one is the first one in another role.
PEOPLE = (AMINA, BAO, OPERATOR, "officer:karim")
DAY = timedelta(days=1)


@cache
def public_key(number: int) -> str:
    """The number-th key, the same in each run."""
    return Ed25519PrivateKey.from_private_bytes(number.to_bytes(32)).public_key().public_bytes_raw().hex()


def key_command(ledger: MemoryLedger, number: int, pick: int, other: int) -> Command:
    """The number-th thing that somebody wishes about keys; ``pick`` and ``other`` choose what, who and which."""
    found = ledger.find(ids.keys_stream(CORRIDOR))
    now, person = ledger.clock(), PEOPLE[other % len(PEOPLE)]
    waiting, known = (list(found.proposals.values()), list(found.keys)) if isinstance(found, SigningKeys) else ([], [])
    one = known[other % len(known)] if known else "none"
    fresh = {
        "key_id": f"key-{number}",
        "public_key": public_key(number if pick % 11 else 1),
        "valid_from": now + (other % 3) * DAY,
        "valid_until": now + (5 + pick % 60) * DAY,
    }
    key = f"keys {number}"
    match pick % 6:
        case 0 | 1 if waiting:
            proposal = waiting[pick % len(waiting)]
            return ask(c.ApproveKey, person, key=key, key_id=proposal.key_id, public_key=proposal.public_key)
        case 2 if waiting and other % 4 == 0:
            return ask(c.DeclineKey, person, key=key, key_id=waiting[0].key_id, reason="not theirs")
        case 2 | 3 if known:
            return ask(c.RotateKey, person, key=key, replaces=one, replaced_until=now + (other % 5) * DAY, **fresh)
        case 4:
            return ask(c.RevokeKey, person, key=key, key_id=one, reason="lost")
        case 5 if known:
            return ask(c.LiftKeySuspension, person, key=key, key_id=one, reason="found")
        case _:
            facts: dict[str, Any] = fresh | {"principal": (ABB, PSBC)[other % 2], "permissions": ("read",)}
            return ask(c.RegisterKey, person, key=key, **facts)
