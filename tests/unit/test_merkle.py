"""The Merkle tree against published vectors, against the definition itself, and against itself."""

import hashlib
import json
from base64 import b64decode
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.transparency.leaf import leaf_bytes
from ledger.transparency.merkle import (
    EMPTY_ROOT,
    CompactTree,
    ProofInvalid,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(bytes([number])) for number in range(64)]
SIZES = st.integers(min_value=1, max_value=len(LEAVES))


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash exactly as RFC 9162 section 2.1.1 defines it, by recursion."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(defined_root(leaves[:split]), defined_root(leaves[split:]))


def defined_inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The inclusion proof exactly as RFC 9162 section 2.1.3.1 defines it, by recursion."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*defined_inclusion_proof(leaves[:split], index), defined_root(leaves[split:])]
    return [*defined_inclusion_proof(leaves[split:], index - split), defined_root(leaves[:split])]


def defined_consistency_proof(leaves: Sequence[bytes], older: int, whole: bool = True) -> list[bytes]:
    """The consistency proof exactly as RFC 9162 section 2.1.4.1 defines it, by recursion."""
    if older == len(leaves):
        return [] if whole else [defined_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if older <= split:
        return [*defined_consistency_proof(leaves[:split], older, whole), defined_root(leaves[split:])]
    return [*defined_consistency_proof(leaves[split:], older - split, False), defined_root(leaves[:split])]


@given(SIZES)
def test_the_compact_tree_has_the_root_the_standard_defines(size: int) -> None:
    """However many leaves were appended, and in whatever steps, the root is the one of the definition."""
    leaves = LEAVES[:size]
    one_by_one = CompactTree()
    for leaf in leaves:
        one_by_one = one_by_one.append(leaf)
    assert one_by_one == CompactTree().extend(leaves)
    assert one_by_one.root() == root_of(leaves) == defined_root(leaves)


def test_the_empty_tree_has_the_hash_of_nothing_as_root() -> None:
    """RFC 9162 section 2.1.1 gives it."""
    assert CompactTree().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


@given(st.lists(SIZES))
def test_a_tree_written_down_and_read_again_goes_on_where_it_was(sizes: list[int]) -> None:
    """A tree stored after any commit is enough to append the next one."""
    whole, stored = CompactTree(), CompactTree().to_bytes()
    for size in sizes:
        whole = whole.extend(LEAVES[:size])
        stored = CompactTree.from_bytes(stored).extend(LEAVES[:size]).to_bytes()
    assert CompactTree.from_bytes(stored) == whole


def test_a_compact_range_that_does_not_fit_its_size_is_refused() -> None:
    """Cut or padded bytes do not pass for a tree."""
    stored = CompactTree().extend(LEAVES[:3]).to_bytes()
    for damaged in (stored[:-1], stored + b"\0", stored[:-32], b"", (4).to_bytes(8, "big") + stored[8:]):
        with pytest.raises(ValueError, match="cannot hold a tree"):
            CompactTree.from_bytes(damaged)
    with pytest.raises(ValueError, match="perfect subtrees"):
        CompactTree(3, (LEAVES[0],))


@given(SIZES, st.data())
def test_an_inclusion_proof_is_the_defined_one_and_verifies(size: int, data: st.DataObject) -> None:
    """Every leaf of every tree can be shown to be in it."""
    leaves = LEAVES[:size]
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    proof = inclusion_proof(leaves, index)
    assert proof == defined_inclusion_proof(leaves, index)
    verify_inclusion(leaves[index], index, size, proof, root_of(leaves))


@given(SIZES, st.data())
def test_a_consistency_proof_is_the_defined_one_and_verifies(size: int, data: st.DataObject) -> None:
    """Every tree can be shown to be a prefix of every later one."""
    older = data.draw(st.integers(min_value=1, max_value=size))
    proof = consistency_proof(LEAVES[:size], older)
    assert proof == defined_consistency_proof(LEAVES[:size], older)
    verify_consistency(older, size, proof, root_of(LEAVES[:older]), root_of(LEAVES[:size]))


@given(SIZES, st.data())
def test_an_inclusion_proof_does_not_verify_for_anything_else(size: int, data: st.DataObject) -> None:
    """Another leaf, place or root, or a longer, shorter or altered proof, is refused."""
    leaves = LEAVES[:size]
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    proof, root, other = inclusion_proof(leaves, index), root_of(leaves), leaf_hash(b"other")
    altered = [[*proof, other], [other, *proof], proof[:-1] if proof else [other]]
    altered += [[*proof[:at], other, *proof[at + 1 :]] for at in range(len(proof))]
    attempts = [(leaves[index], index, size, wrong, root) for wrong in altered]
    attempts += [(other, index, size, proof, root), (leaves[index], index, size, proof, other)]
    attempts += [(leaves[index], wrong, size, proof, root) for wrong in (-1, size, (index + 1) % size) if wrong != index]
    for attempt in attempts:
        with pytest.raises(ProofInvalid):
            verify_inclusion(*attempt)


@given(SIZES, st.data())
def test_a_consistency_proof_does_not_verify_for_anything_else(size: int, data: st.DataObject) -> None:
    """Other roots, or a longer, shorter or altered proof, is refused."""
    older = data.draw(st.integers(min_value=1, max_value=size))
    proof, other = consistency_proof(LEAVES[:size], older), leaf_hash(b"other")
    older_root, newer_root = root_of(LEAVES[:older]), root_of(LEAVES[:size])
    altered = [[*proof, other], [other, *proof], proof[:-1] if proof else [other]]
    altered += [[*proof[:at], other, *proof[at + 1 :]] for at in range(len(proof))]
    attempts = [(wrong, older_root, newer_root) for wrong in altered]
    attempts += [(proof, other, newer_root), (proof, older_root, other)]
    for attempt in attempts:
        with pytest.raises(ProofInvalid):
            verify_consistency(older, size, *attempt)


def test_proofs_of_what_is_not_there_are_not_made() -> None:
    """A leaf beyond the tree and a prefix longer than the tree, or empty, are named as such."""
    with pytest.raises(ValueError, match="not in a tree of 3 leaves"):
        inclusion_proof(LEAVES[:3], 3)
    for older in (0, 4):
        with pytest.raises(ValueError, match="nothing can be proven"):
            consistency_proof(LEAVES[:3], older)


def vectors(conformance_data: Path, kind: str) -> list[dict[str, object]]:
    """The published vectors of one kind, each with the file it stands in."""
    files = sorted((conformance_data / "merkle").glob(f"{kind}__*.json"))
    assert files, f"There are no {kind} vectors in {conformance_data / 'merkle'}."
    return [{"file": file.name, **json.loads(file.read_text())} for file in files]


def decoded(vector: dict[str, object], *names: str) -> list[bytes]:
    return [b64decode(str(vector[name])) for name in names]


def proof_of(vector: dict[str, object]) -> list[bytes]:
    proof = vector["proof"] or []
    assert isinstance(proof, list)
    return [b64decode(item) for item in proof]


def test_published_inclusion_vectors_are_judged_as_published(conformance_data: Path) -> None:
    """Good proofs pass and bad ones are refused, each as its author says."""
    judged, expected = {}, {}
    for vector in vectors(conformance_data, "inclusion"):
        leaf, root = decoded(vector, "leafHash", "root")
        name = str(vector["file"])
        expected[name] = bool(vector["wantErr"])
        try:
            verify_inclusion(leaf, int(str(vector["leafIdx"])), int(str(vector["treeSize"])), proof_of(vector), root)
            judged[name] = False
        except ProofInvalid:
            judged[name] = True
    assert judged == expected


def test_published_consistency_vectors_are_judged_as_published(conformance_data: Path) -> None:
    """Good proofs pass and bad ones are refused, each as its author says."""
    judged, expected = {}, {}
    for vector in vectors(conformance_data, "consistency"):
        roots = decoded(vector, "root1", "root2")
        name = str(vector["file"])
        expected[name] = bool(vector["wantErr"])
        try:
            verify_consistency(int(str(vector["size1"])), int(str(vector["size2"])), proof_of(vector), *roots)
            judged[name] = False
        except ProofInvalid:
            judged[name] = True
    assert judged == expected


def test_the_bytes_of_a_leaf_are_laid_out_as_documented() -> None:
    """One row of the log, field by field; a change here would make every stored hash unprovable."""
    assert leaf_bytes(
        "abb-psbc",
        258,
        259,
        UUID("00112233-4455-6677-8899-aabbccddeeff"),
        3,
        "transfer:Paid",
        datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC),
        b"\x00state",
    ) == (
        b"\x01"
        b"\x00\x08abb-psbc"
        b"\x00\x00\x00\x00\x00\x00\x01\x02"
        b"\x00\x00\x00\x00\x00\x00\x01\x03"
        b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"
        b"\x00\x00\x00\x00\x00\x00\x00\x03"
        b"\x00\x00\x00\x00\x00\x0f\x42\x45"
        b"\x00\x0dtransfer:Paid"
        b"\x00\x00\x00\x06\x00state"
    )  # fmt: skip
