"""The Merkle tree of RFC 9162 section 2.1 over SHA-256: roots, proofs and their verification.

A leaf hash is SHA-256(0x00 || entry), an inner node SHA-256(0x01 || left || right); the empty tree has the hash of
nothing as its root. Proofs are lists of 32-byte hashes in the order the standard gives them.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

_sha256 = hashlib.sha256


class ProofInvalid(Exception):
    """An inclusion or consistency proof does not lead to the root it was checked against."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry of the log (RFC 9162 section 2.1.1)."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node with the two given children (RFC 9162 section 2.1.1)."""
    return _sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class CompactTree:
    """A tree reduced to what is needed to go on from it: the roots of its perfect subtrees, the largest first.

    `size` counts leaves. A tree of size 6 (binary 110) keeps two hashes: of its first four and of its last two leaves.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.hashes) != self.size.bit_count():
            raise ValueError(
                f"A tree of {self.size} leaves has {self.size.bit_count()} perfect subtrees, not {len(self.hashes)}: "
                "the stored compact range does not belong to this size."
            )

    def append(self, leaf: bytes) -> Self:
        """The tree with one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Self:
        """The tree with these leaf hashes appended in order."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            carried, complete = leaf, size
            while complete & 1:
                carried = node_hash(hashes.pop(), carried)
                complete >>= 1
            hashes.append(carried)
            size += 1
        return type(self)(size, tuple(hashes))

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves (RFC 9162 section 2.1.1)."""
        if not self.hashes:
            return EMPTY_ROOT
        *larger, root = self.hashes
        for left in reversed(larger):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """Eight bytes of size, big-endian, then the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Reads what `to_bytes` wrote; ValueError when the length does not fit the size in it."""
        size, body = int.from_bytes(data[:8], "big"), data[8:]
        if len(data) != 8 + HASH_BYTES * size.bit_count():
            raise ValueError(f"A compact range of {len(data)} bytes cannot hold a tree of {size} leaves.")
        return cls(size, tuple(body[at : at + HASH_BYTES] for at in range(0, len(body), HASH_BYTES)))


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over a list of leaf hashes."""
    return CompactTree().extend(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The proof that leaf `index` (from 0) stands in the tree over `leaves` (RFC 9162 section 2.1.3.1)."""
    size = len(leaves)
    if not 0 <= index < size:
        raise ValueError(f"Leaf {index} is not in a tree of {size} leaves: an index runs from 0 to {size - 1}.")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(root_of(leaves[middle:end]))
            end = middle
        else:
            proof.append(root_of(leaves[start:middle]))
            start = middle
    return proof[::-1]


def consistency_proof(leaves: Sequence[bytes], older_size: int) -> list[bytes]:
    """The proof that the tree over the first `older_size` leaves is a prefix of the whole (RFC 9162 section 2.1.4.1)."""
    size = len(leaves)
    if not 0 < older_size <= size:
        raise ValueError(f"From {older_size} to {size} leaves nothing can be proven: choose a size from 1 to {size}.")
    if older_size == size:
        return []
    proof: list[bytes] = []
    start, end = 0, size
    while older_size != end:
        middle = start + _split(end - start)
        if older_size <= middle:
            proof.append(root_of(leaves[middle:end]))
            end = middle
        else:
            proof.append(root_of(leaves[start:middle]))
            start = middle
    if start > 0:
        # The old tree is not itself a node on this path, so its verifier has to be given the last piece of it.
        proof.append(root_of(leaves[start:end]))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Passes when `proof` leads from leaf hash `index` to `root` of `size` leaves (RFC 9162 section 2.1.3.2).

    Raises ProofInvalid otherwise.
    """
    if not 0 <= index < size:
        raise ProofInvalid(f"Leaf {index} cannot be in a tree of {size} leaves.")
    if len(leaf) != HASH_BYTES:
        raise ProofInvalid(f"A leaf hash has {HASH_BYTES} bytes, not {len(leaf)}.")
    at, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid(f"The inclusion proof has {len(proof)} hashes, more than {size} leaves need.")
        if at & 1 or at == last:
            reached = node_hash(sibling, reached)
            at, last = _skip_missing_siblings(at, last)
        else:
            reached = node_hash(reached, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofInvalid(f"The inclusion proof has {len(proof)} hashes, fewer than {size} leaves need.")
    if reached != root:
        raise ProofInvalid(f"The inclusion proof of leaf {index} leads to {reached.hex()}, not to root {root.hex()}.")


def verify_consistency(older_size: int, newer_size: int, proof: Sequence[bytes], older_root: bytes, newer_root: bytes) -> None:
    """Passes when `proof` shows that the older tree is a prefix of the newer one (RFC 9162 section 2.1.4.2).

    Raises ProofInvalid otherwise, and for an empty older tree, from which nothing can be proven.
    """
    if not 0 < older_size <= newer_size:
        raise ProofInvalid(f"From {older_size} to {newer_size} leaves nothing can be proven.")
    if older_size == newer_size:
        if proof:
            raise ProofInvalid(f"Both trees have {newer_size} leaves, so the proof between them must be empty.")
        if older_root != newer_root:
            raise ProofInvalid(f"Two different roots were given for the same {newer_size} leaves.")
        return
    if not proof:
        raise ProofInvalid(f"A consistency proof from {older_size} to {newer_size} leaves cannot be empty.")
    # A perfect older tree is a node of the newer one; the proof leaves it out, as the verifier has its root.
    path = list(proof) if older_size & (older_size - 1) else [older_root, *proof]
    older, newer = _rebuild_roots(older_size, newer_size, path)
    if older != older_root:
        raise ProofInvalid(f"The consistency proof rebuilds {older.hex()}, not the older root {older_root.hex()}.")
    if newer != newer_root:
        raise ProofInvalid(f"The consistency proof rebuilds {newer.hex()}, not the newer root {newer_root.hex()}.")


def _rebuild_roots(older_size: int, newer_size: int, path: list[bytes]) -> tuple[bytes, bytes]:
    """The two roots that the hashes of a consistency proof lead to (steps 4 to 6 of RFC 9162 section 2.1.4.2)."""
    at, last = older_size - 1, newer_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofInvalid(f"The consistency proof has more hashes than {newer_size} leaves need.")
        if at & 1 or at == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            at, last = _skip_missing_siblings(at, last)
        else:
            newer = node_hash(newer, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofInvalid(f"The consistency proof has fewer hashes than {newer_size} leaves need.")
    return older, newer


def _split(size: int) -> int:
    """The largest power of two smaller than `size`: where the standard divides a tree in two."""
    return 1 << ((size - 1).bit_length() - 1)


def _skip_missing_siblings(at: int, last: int) -> tuple[int, int]:
    """Climbs past the levels on the right edge where a node has no sibling and is handed up unchanged."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last
