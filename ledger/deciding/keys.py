"""The public keys by which banks and people sign, two people at a time."""

from __future__ import annotations

from ledger import commands as c
from ledger.books import Books
from ledger.deciding.outcome import Result
from ledger.domain import ids
from ledger.domain.signing_keys import SigningKeys


def register_key(command: c.RegisterKey, books: Books) -> Result:
    """One person proposes a public key; it signs nothing before a second one approves."""
    participants, by = books.terms.participants, books.decision()
    known = books.signing_keys_or_none()
    keys = SigningKeys.begin_for(ids.keys_stream(command.corridor), by) if known is None else known
    changed = keys.propose(
        by,
        participants=participants,
        key_id=command.key_id,
        principal=command.principal,
        algorithm=command.algorithm,
        public_key=command.public_key,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
        permissions=command.permissions,
    )
    if known is None:
        books.add(keys)
    return {"key_id": command.key_id, "state": _state(keys, command.key_id), "changed": changed}


def rotate_key(command: c.RotateKey, books: Books) -> Result:
    """One person proposes the key that follows another one; both are valid for a while once a second one approves."""
    participants, by = books.terms.participants, books.decision()
    keys = books.signing_keys(command.replaces)
    changed = keys.propose_rotation(
        by,
        participants=participants,
        key_id=command.key_id,
        replaces=command.replaces,
        algorithm=command.algorithm,
        public_key=command.public_key,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
        replaced_until=command.replaced_until,
    )
    return {"key_id": command.key_id, "state": _state(keys, command.key_id), "changed": changed}


def approve_key(command: c.ApproveKey, books: Books) -> Result:
    """The second person lets the proposed key in."""
    by = books.decision()
    keys = books.signing_keys(command.key_id)
    keys.approve(by, key_id=command.key_id, public_key=command.public_key)
    return {"key_id": command.key_id, "state": _state(keys, command.key_id)}


def decline_key(command: c.DeclineKey, books: Books) -> Result:
    """Either person takes the proposal off the table."""
    by = books.decision()
    books.signing_keys(command.key_id).decline(by, key_id=command.key_id, reason=command.reason)
    return {"key_id": command.key_id, "state": "declined"}


def revoke_key(command: c.RevokeKey, books: Books) -> Result:
    """The first person suspends the key at once, the second one revokes it for good."""
    by = books.decision()
    state = books.signing_keys(command.key_id).revoke(by, key_id=command.key_id, reason=command.reason)
    return {"key_id": command.key_id, "state": state}


def lift_key_suspension(command: c.LiftKeySuspension, books: Books) -> Result:
    """The second person puts a suspended key back in force."""
    by = books.decision()
    keys = books.signing_keys(command.key_id)
    keys.lift_suspension(by, key_id=command.key_id, reason=command.reason)
    return {"key_id": command.key_id, "state": _state(keys, command.key_id)}


def _state(keys: SigningKeys, key_id: str) -> str:
    return "proposed" if key_id in keys.proposals else keys.keys[key_id].state
