"""Signatures over messages: the vectors of RFC 9421, a library as second opinion, and what must not verify."""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from http_message_signatures import ContentDigest, HTTPMessageSigner, HTTPMessageVerifier, MappingKeyResolver, algorithms
from hypothesis import given
from hypothesis import strategies as st

from api.message_signatures import (
    COMMAND_COMPONENTS,
    TAG,
    PrivateKey,
    Unreadable,
    algorithm_of,
    bytes_field,
    content_digest,
    digest_matches,
    parameters_line,
    public_key_hex,
    read_signatures,
    sign,
    signature_base,
)
from api.signing import RequestSigner, idempotency_key
from ledger.domain.public_keys import ECDSA_P256, ED25519, check_public_key
from ledger.signatures import verifies

# RFC 9421, appendix B.1.3 and B.1.4: the public test keys, as the RFC prints them.
RFC_KEYS = {
    ECDSA_P256: """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----
""",
    ED25519: """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
""",
}
# RFC 9421, sections 2.4 and B.2: algorithm, components with their values, parameters, signature.
_REQUEST_DIGEST = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
_BUSY_DIGEST = "sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:"
_TEST_RESPONSE_DIGEST = "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:"
VECTORS: dict[str, tuple[str, dict[str, str], dict[str, int | str], str]] = {
    "B.2.4, a response by ECDSA": (
        ECDSA_P256,
        {"@status": "200", "content-type": "application/json", "content-digest": _TEST_RESPONSE_DIGEST, "content-length": "23"},
        {"created": 1618884473, "keyid": "test-key-ecc-p256"},
        "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
    ),
    "B.2.6, a request by Ed25519": (
        ED25519,
        {
            "date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "@method": "POST",
            "@path": "/foo",
            "@authority": "example.com",
            "content-type": "application/json",
            "content-length": "18",
        },
        {"created": 1618884473, "keyid": "test-key-ed25519"},
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
    ),
    "2.4, an answer bound to its request": (
        ECDSA_P256,
        {
            "@status": "503",
            "content-digest": _BUSY_DIGEST,
            "content-type": "application/json",
            '"@authority";req': "example.com",
            '"@method";req': "POST",
            '"@path";req': "/foo",
            '"content-digest";req': _REQUEST_DIGEST,
        },
        {"created": 1618884479, "keyid": "test-key-ecc-p256"},
        "dMT/A/76ehrdBTD/2Xx8QuKV6FoyzEP/I9hdzKN8LQJLNgzU4W767HK05rx1i8meNQQgQPgQp8wq2ive3tV5Ag==",
    ),
}
OURS: dict[str, PrivateKey] = {
    ED25519: Ed25519PrivateKey.from_private_bytes(b"a key of tests, not of any bank!"),
    ECDSA_P256: derive_private_key(20260327, SECP256R1()),
}
THEIRS = {ED25519: algorithms.ED25519, ECDSA_P256: algorithms.ECDSA_P256_SHA256}
NINE = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)


def rfc_key(algorithm: str) -> str:
    """The RFC's public key, as the registry keeps keys."""
    loaded: Any = load_pem_public_key(RFC_KEYS[algorithm].encode())
    if algorithm == ED25519:
        return str(loaded.public_bytes_raw().hex())
    return str(loaded.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex())


@pytest.mark.parametrize("vector", VECTORS)
def test_the_vectors_of_rfc_9421_verify(vector: str) -> None:
    """Base and algorithm are those of the RFC; one letter changed anywhere, and the signature is wrong."""
    algorithm, covered, parameters, value = VECTORS[vector]
    line = parameters_line(covered, parameters)
    base = signature_base(list(covered), list(covered.values()), line)
    signature = base64.b64decode(value)
    assert verifies(algorithm, rfc_key(algorithm), signature, base)
    [read] = read_signatures(f'sig={line};tag="t"', f"sig=:{value}:", tag="t")
    assert (read.label, read.components, read.value) == ("sig", tuple(covered), signature)
    assert read.parameters_line == f'{line};tag="t"'
    for place in range(0, len(base), 7):
        assert not verifies(algorithm, rfc_key(algorithm), signature, base[:place] + bytes([base[place] ^ 1]) + base[place + 1 :])


def test_a_signature_by_ed25519_is_the_one_of_the_rfc() -> None:
    """Ed25519 gives the same signature each time: RFC 9421 B.2.6 by the RFC's own private key (B.1.4)."""
    _, covered, parameters, value = VECTORS["B.2.6, a request by Ed25519"]
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex("9f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5"))
    assert sign(key, signature_base(list(covered), list(covered.values()), parameters_line(covered, parameters))) == base64.b64decode(value)


@pytest.mark.parametrize("algorithm", OURS)
def test_the_library_reads_what_we_sign(algorithm: str) -> None:
    """A second opinion: http-message-signatures verifies a request of ours, digest included."""
    signer = RequestSigner("k", OURS[algorithm], nonce=lambda: "nonce-0000000000000001")
    request = httpx.Request("POST", "https://corridor.example/v1/x?y=1", json={"a": "ü"}, headers=idempotency_key('k "1"'))
    signer.sign(request)
    resolver = MappingKeyResolver(public_keys={"k": OURS[algorithm].public_key()}, private_keys={})
    verifier = HTTPMessageVerifier(signature_algorithm=THEIRS[algorithm], key_resolver=resolver)
    [found] = verifier.verify(request, expect_tag=TAG)
    assert list(found.covered_components)[:-1] == [f'"{component}"' for component in COMMAND_COMPONENTS]
    ContentDigest.verify(request.headers["Content-Digest"], request.content)


@pytest.mark.parametrize("algorithm", OURS)
def test_we_read_what_the_library_signs(algorithm: str) -> None:
    """The other way round: base, parameters and signature of the library's are what this profile makes of the same request."""
    resolver = MappingKeyResolver(public_keys={}, private_keys={"k": OURS[algorithm]})
    request = httpx.Request("POST", "https://corridor.example/v1/x", json={}, headers=idempotency_key("k1"))
    HTTPMessageSigner(signature_algorithm=THEIRS[algorithm], key_resolver=resolver).sign(
        request, key_id="k", created=NINE, nonce='odd "\\ nonce 0001', tag=TAG, covered_component_ids=COMMAND_COMPONENTS, body=b"{}"
    )
    [signature] = read_signatures(request.headers["Signature-Input"], request.headers["Signature"], tag=TAG)
    values = {"@method": "POST", "@target-uri": str(request.url)} | dict(request.headers)
    base = signature_base(signature.components, [values[name] for name in signature.components], signature.parameters_line)
    assert signature.components == COMMAND_COMPONENTS
    assert signature.parameters["nonce"] == 'odd "\\ nonce 0001'
    assert verifies(algorithm, public_key_hex(OURS[algorithm]), signature.value, base)


@pytest.mark.parametrize("algorithm", OURS)
def test_a_key_verifies_by_its_own_algorithm_only(algorithm: str) -> None:
    """What it is registered for decides, whatever length or form a signature has."""
    key = OURS[algorithm]
    other = next(one for name, one in OURS.items() if name != algorithm)
    registered = public_key_hex(key)
    check_public_key(algorithm, registered)
    assert algorithm_of(key) == algorithm
    assert verifies(algorithm, registered, sign(key, b"base"), b"base")
    for signature in (sign(other, b"base"), b"", bytes(64), bytes(63), sign(key, b"base") + b"\0", b"\xff" * 64):
        assert not verifies(algorithm, registered, signature, b"base")


def test_one_signature_is_found_by_its_tag() -> None:
    """A proxy may add its own beside ours (RFC 9421 §4.3); what carries no readable signature is none."""
    both = 'proxy=("@method");created=1;tag="other", c=("@method" "x";bs);created=2;tag="corridor"'
    [found] = read_signatures(both, "proxy=:AA==:, c=:AQ==:", tag=TAG)
    assert (found.label, found.components, dict(found.parameters), found.value) == (
        "c", ("@method", '"x";bs'), {"created": 2, "tag": TAG}, b"\x01",
    )  # fmt: skip
    assert read_signatures(both, "proxy=:AA==:, c=:AQ==:", tag="third") == []


UNREADABLE = {
    "no dictionary": ("corridor=(", "corridor=:AA==:"),
    "not a list of components": ('corridor="@method";tag="corridor"', "corridor=:AA==:"),
    "a component that is no string": ('corridor=(method);tag="corridor"', "corridor=:AA==:"),
    "a number for a component": ('corridor=(1);tag="corridor"', "corridor=:AA==:"),
    "no value under the label": ('corridor=("@method");tag="corridor"', "other=:AA==:"),
    "a value that is no byte sequence": ('corridor=("@method");tag="corridor"', 'corridor="AA=="'),
    "a list of values": ('corridor=("@method");tag="corridor"', "corridor=(:AA==:)"),
    "not ASCII": ('corridor=("é");tag="corridor"', "corridor=:AA==:"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_is_no_signature_field_is_unreadable(what: str) -> None:
    """Each is refused as a whole; nothing is guessed."""
    with pytest.raises(Unreadable):
        read_signatures(*UNREADABLE[what], tag=TAG)


@given(st.text(max_size=80), st.text(max_size=40))
def test_no_text_breaks_the_reading_of_signature_fields(signature_input: str, signature: str) -> None:
    """They are read, or unreadable."""
    with suppress(Unreadable):
        assert isinstance(read_signatures(signature_input, signature, tag=TAG), list)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60), st.integers(0, 10**12))
def test_parameters_survive_the_wire(text: str, number: int) -> None:
    """What is written is read, and is serialised the same way again: both sides sign the same line."""
    line = parameters_line(("@method", '"signature";req;key="k"'), {"created": number, "keyid": text, "tag": TAG})
    [found] = read_signatures(f"l={line}", "l=:AA==:", tag=TAG)
    assert (dict(found.parameters), found.parameters_line) == ({"created": number, "keyid": text, "tag": TAG}, line)


def test_a_field_holds_printable_ascii_only() -> None:
    """A line break in a parameter would put words into the signer's mouth."""
    for text in ("a\nb", "é", "\x7f"):
        with pytest.raises(ValueError):
            parameters_line(("@method",), {"keyid": text})


def test_a_digest_names_the_body_and_no_other() -> None:
    """RFC 9530: ours is read by the library, the library's by us, and both refuse another body."""
    body = json.dumps({"name": "魏实例"}).encode()
    ContentDigest.verify(content_digest(body), body)
    assert digest_matches(ContentDigest.create(body), body)
    assert not digest_matches(content_digest(body), body + b" ")
    assert bytes_field(b"\x00\xff") == ":AP8=:"
