"""Random ids and salts, from a source that is passed in.

Ids and salts may come from a seeded source, so that a demo or a simulation repeats itself. Keys and nonces never do:
they always come from the operating system (`os.urandom`), since a repeated pair of key and nonce would give AES-GCM
away.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

Entropy: TypeAlias = Callable[[int], bytes]
"""Gives that many random bytes."""


def new_subject_id(entropy: Entropy = os.urandom) -> UUID:
    """A random UUID (version 4, RFC 9562) for a subject; it says nothing about the person behind it."""
    return UUID(bytes=entropy(16), version=4)
