"""An officer's words about a case: kept in the vault, with only a salted commitment to them in the log."""

from __future__ import annotations

from pydantic import JsonValue

from api.idempotency import Asking
from ledger.batching import Request
from ledger.commands import GiveOpinion
from ledger.domain.case_events import Opinion
from ledger.privacy.commitments import commit
from ledger.privacy.entropy import new_subject_id
from ledger.privacy.records import RecordKind, RecordValue
from ledger.privacy.subjects import NewSubject


def opinion_request(ask: Asking, *, case: str, opinion: Opinion, reasons: str, cause: str) -> Request:
    """Stores the words, then asks the ledger with their commitment. The receipt names the subject under which the vault keeps them.

    Raises RecordUnfit, VaultDown, KeyProviderDown.
    """
    entropy = ask.service.entropy
    salt = entropy(32)
    subject_id = new_subject_id(entropy)
    words: dict[str, JsonValue] = {"salt": salt.hex(), "reasons": reasons}
    signed = ask.asked.signed
    body: dict[RecordKind, RecordValue] = {} if signed is None or signed.body is None else {RecordKind.BODY: signed.body}
    [stored] = ask.service.vault.store_subjects([NewSubject(subject_id, {RecordKind.REFERENCE: words, **body})])
    command = GiveOpinion(**ask.named(cause), case=case, opinion=opinion, reasons=commit(salt, "reasons", reasons).hex())
    evidence = None if signed is None else signed.in_the_vault(subject_id if body else None)
    return Request(command, ask.asked.fingerprint(stored.fingerprint_key), subject_id, evidence)
