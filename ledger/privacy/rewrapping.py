"""Another master key for the vault: every subject's key, and every corridor's, is wrapped anew; no record is touched.

It goes page by page, each a transaction of its own, while the vault is in use. Each wrapped key says by its name what wrapped it, and every
process knows both master keys meanwhile (CORRIDOR_KEY_FILE and CORRIDOR_KEY_OTHER_FILE). So a run that is killed leaves a vault that
everybody can read, and the next run goes on with what is left. Only when nothing is left does the vault name the new key as its own, and
only then does a process start that knows the new one alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg2
import psycopg2.errors

from ledger.errors import Misconfigured
from ledger.privacy.errors import VaultDown, WrongMasterKey
from ledger.privacy.keys import KEY_BYTES, KeyProvider

PAGE: Final = 1_000
_FIRST: Final = str(UUID(int=0))

# One page of keys that another master key wraps, in the order of their subjects; a tombstone has none.
_SUBJECTS: Final = """
SELECT subject_id::text, wrapped_key, wrapped_by FROM vault.subjects
 WHERE subject_id > %(after)s::uuid AND wrapped_by <> %(name)s AND erased_at IS NULL
 ORDER BY subjects.subject_id
 LIMIT %(page)s
"""

# Puts the keys of a page in the place of the old ones; who was erased meanwhile stays erased.
_REWRAP_SUBJECTS: Final = """
UPDATE vault.subjects SET wrapped_key = decode(given.wrapped_key, 'hex'), wrapped_by = %(name)s
  FROM unnest(%(subjects)s::uuid[], %(keys)s::text[]) AS given (subject_id, wrapped_key)
 WHERE subjects.subject_id = given.subject_id AND subjects.erased_at IS NULL AND subjects.wrapped_by <> %(name)s
RETURNING subjects.subject_id
"""

_INDEX_KEYS: Final = "SELECT corridor, purpose, wrapped_key, wrapped_by FROM vault.index_keys WHERE wrapped_by <> %(name)s"

_REWRAP_INDEX_KEY: Final = """
UPDATE vault.index_keys SET wrapped_key = %(wrapped_key)s, wrapped_by = %(name)s
 WHERE corridor = %(corridor)s AND purpose = %(purpose)s AND wrapped_by <> %(name)s
RETURNING corridor
"""

# Names the new master key, unless something is still wrapped by another one.
_NAME_MASTER_KEY: Final = """
UPDATE vault.master_key SET name = %(name)s, check_value = %(check_value)s
 WHERE NOT EXISTS (SELECT FROM vault.subjects WHERE wrapped_by <> %(name)s AND erased_at IS NULL)
   AND NOT EXISTS (SELECT FROM vault.index_keys WHERE wrapped_by <> %(name)s)
RETURNING name
"""


class Rewrapped(NamedTuple):
    """The name of the master key that now wraps everything, and how many keys this run wrapped anew."""

    master_key: str
    keys: int


def rewrap(owner_url: str, new: KeyProvider, others: Sequence[KeyProvider], *, page: int = PAGE) -> Rewrapped:
    """Wraps under ``new`` whatever one of the ``others`` wraps, until nothing is left. It is the owner of the tables who does it: the
    application may destroy a key and not put another in its place.

    Raises WrongMasterKey for a key that none of them wraps, Misconfigured for somebody who is not the owner, VaultDown, KeyProviderDown;
    then the vault is readable by whoever knows all of the keys, and a further run goes on.
    """
    with _as_owner(owner_url) as run:
        return _rewrap(run, new, _unwrapping(others), page)


_Run = Callable[..., list[tuple[Any, ...]]]
_Unwrap = Callable[[bytes, str], bytes]


def _rewrap(run: _Run, new: KeyProvider, unwrap: _Unwrap, page: int) -> Rewrapped:
    done = 0
    while True:
        for corridor, purpose, wrapped, by in run(_INDEX_KEYS, name=new.name):
            key = new.wrap(unwrap(bytes(wrapped), by))
            done += len(run(_REWRAP_INDEX_KEY, corridor=corridor, purpose=purpose, wrapped_key=key, name=new.name))
        after = _FIRST
        while rows := run(_SUBJECTS, after=after, name=new.name, page=page):
            keys = [new.wrap(unwrap(bytes(wrapped), by)).hex() for _, wrapped, by in rows]
            subjects = "{" + ",".join(subject for subject, _, _ in rows) + "}"
            done += len(run(_REWRAP_SUBJECTS, subjects=subjects, keys="{" + ",".join(keys) + "}", name=new.name))
            after = rows[-1][0]
        # What a process stored under the old key while this one went through is wrapped in the next round.
        if run(_NAME_MASTER_KEY, name=new.name, check_value=new.wrap(os.urandom(KEY_BYTES))):
            return Rewrapped(new.name, done)


def _unwrapping(providers: Sequence[KeyProvider]) -> _Unwrap:
    known = {provider.name: provider for provider in providers}

    def unwrap(wrapped: bytes, by: str) -> bytes:
        if by not in known:
            raise WrongMasterKey(
                f"The vault holds a key under master key {by}, which is not at hand: known are {', '.join(known) or 'none'}."
                " Name its file in CORRIDOR_KEY_OTHER_FILE."
            )
        return known[by].unwrap(wrapped)

    return unwrap


@contextmanager
def _as_owner(url: str) -> Iterator[_Run]:
    """Runs statements, each a transaction of its own."""
    try:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True

            def run(statement: str, **parameters: object) -> list[tuple[Any, ...]]:
                cursor.execute(statement, parameters)
                return cursor.fetchall()

            yield run
    except psycopg2.OperationalError:
        raise VaultDown("The vault's database does not answer; try again in a moment.") from None
    except psycopg2.errors.InsufficientPrivilege:
        raise Misconfigured("Only the owner of the tables wraps keys anew. Name the owner in CORRIDOR_OWNER_URL.") from None
