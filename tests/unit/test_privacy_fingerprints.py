"""Fingerprints of requests: equal for the same request, useless without the key."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from ledger.privacy.fingerprints import fingerprint, fingerprint_key, matches

KEY = bytes(range(32))


def test_a_fingerprint_is_the_documented_hmac() -> None:
    """HMAC-SHA-256 over purpose, method, path and body, each after its length."""
    parts = [b"corridor/fingerprint/v1", b"POST", b"/v1/corridors/abb-psbc/transfers", b'{"amount":"1000.00"}']
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    by_hand = hmac.new(KEY, message, hashlib.sha256).digest()
    assert fingerprint(KEY, "post", "/v1/corridors/abb-psbc/transfers", b'{"amount":"1000.00"}') == by_hand


def test_the_key_for_fingerprints_is_the_documented_derivation() -> None:
    """HKDF-Expand (RFC 5869) of one block: HMAC of the purpose and the block number."""
    by_hand = hmac.new(KEY, b"corridor/fingerprint-key/v1\x01", hashlib.sha256).digest()
    assert fingerprint_key(KEY) == by_hand


@given(st.text("/ab", max_size=4), st.text("/ab", max_size=4), st.binary(max_size=4), st.binary(max_size=4))
def test_a_request_matches_only_itself(path: str, other_path: str, body: bytes, other_body: bytes) -> None:
    """Another path or another body is another request."""
    stored = fingerprint(KEY, "POST", path, body)
    assert matches(stored, KEY, "POST", other_path, other_body) is ((path, body) == (other_path, other_body))


def test_another_key_or_method_makes_another_fingerprint() -> None:
    """Without the right key a guess at the body proves nothing."""
    stored = fingerprint(KEY, "POST", "/p", b"body")
    assert not matches(stored, bytes(32), "POST", "/p", b"body")
    assert not matches(stored, KEY, "PUT", "/p", b"body")
