"""Signed requests made before the clock runs, as bytes for a socket: what signing costs a partner is not what is measured.

The signature base of RFC 9421 §2.5 is put together here for the one kind of request a bench sends; a test holds it against the signer
that partners use.
"""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.bench.load import uetr

KEY_ID = "bench"
_COMPONENTS = '("@method" "@target-uri" "content-type" "content-digest" "idempotency-key")'


class Signing(NamedTuple):
    """Who signs, when: ``created`` in seconds since 1970."""

    private_key: Ed25519PrivateKey
    created: int


def post(signing: Signing, authority: str, path: str, body: bytes, key: str) -> bytes:
    """A whole HTTP/1.1 request; ``authority`` is host and port, ``key`` the idempotency key."""
    digest = f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"
    nonce = sha256(key.encode()).hexdigest()[:32]
    parameters = f'{_COMPONENTS};created={signing.created};keyid="{KEY_ID}";nonce="{nonce}";tag="corridor"'
    covered = {
        "@method": "POST",
        "@target-uri": f"http://{authority}{path}",
        "content-type": "application/json",
        "content-digest": digest,
        "idempotency-key": f'"{key}"',
        "@signature-params": parameters,
    }
    base = "\n".join(f'"{name}": {value}' for name, value in covered.items())
    signature = base64.b64encode(signing.private_key.sign(base.encode())).decode()
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: {authority}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Content-Digest: {digest}",
        f'Idempotency-Key: "{key}"',
        f"Signature-Input: corridor={parameters}",
        f"Signature: corridor=:{signature}:",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def transfer(seed: str, number: int) -> bytes:
    """The body of one transfer, as a bank sends it, with invented people."""
    return json.dumps(
        {
            "uetr": str(uetr(seed, number)),
            "creditor_agent": "psbc",
            "product": "account_to_account",
            "purpose": "DEPD",
            "evidence": ["identity", "kinship"],
            "charge_bearer": "DEBT",
            "amount": "1000.00",
            "currency": "MAD",
            "debtor": {"name": "Yasmina Testouni", "town": "Rabat", "country": "MA"},
            "creditor": {
                "name": "Wei Shili",
                "native_name": "魏实例",
                "town": "Beijing",
                "country": "CN",
                "account": "6210000000000000000",
            },
            "end_to_end_id": f"E2E-{number}",
        }
    ).encode()
