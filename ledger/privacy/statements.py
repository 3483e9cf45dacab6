"""The vault's SQL. Each is a transaction of its own, whatever number of subjects it carries.

Many values travel as one parameter: an array of ids, or of keys as hex text.
"""

from __future__ import annotations

from typing import Final

# Stores subjects with their persons and records, all or none: several statements in one trip are one transaction. The
# records follow as binary rows (`record_rows`); an id that is taken fails the whole of it.
STORE: Final = """
INSERT INTO vault.subjects (subject_id, wrapped_key, wrapped_by)
SELECT subject_id, decode(wrapped_key, 'hex'), %(wrapped_by)s
  FROM unnest(%(subjects)s::uuid[], %(wrapped_keys)s::text[]) AS given (subject_id, wrapped_key);
INSERT INTO vault.subject_persons (person_id, subject_id)
SELECT person_id, subject_id
  FROM unnest(%(persons)s::uuid[], %(person_subjects)s::uuid[]) AS given (person_id, subject_id);
COPY vault.records (subject_id, kind, nonce, ciphertext) FROM STDIN (FORMAT binary)
"""

# Reads keys and records of subjects in one snapshot; an erased one comes with its tombstone and without a key.
READ: Final = """
SELECT subject_id, wrapped_key, wrapped_by, erased_at, kind, nonce, ciphertext
  FROM vault.subjects LEFT JOIN vault.records USING (subject_id)
 WHERE subject_id = ANY (%(subjects)s::uuid[])
"""

# Reads the wrapped keys of subjects that still have one.
KEYS: Final = """
SELECT subject_id, wrapped_key, wrapped_by
  FROM vault.subjects
 WHERE subject_id = ANY (%(subjects)s::uuid[]) AND erased_at IS NULL
"""

# Destroys key, records and links at once and leaves the tombstone; answers the instant, the first one if it was erased
# before.
ERASE: Final = """
WITH erased AS (
    UPDATE vault.subjects SET wrapped_key = NULL, erased_at = %(erased_at)s
     WHERE subject_id = ANY (%(subjects)s::uuid[]) AND erased_at IS NULL
    RETURNING subject_id, erased_at
), unrecorded AS (
    DELETE FROM vault.records USING erased WHERE records.subject_id = erased.subject_id
), unlinked AS (
    DELETE FROM vault.subject_persons USING erased WHERE subject_persons.subject_id = erased.subject_id
)
SELECT subject_id, erased_at FROM erased
UNION ALL
SELECT subject_id, erased_at FROM vault.subjects
 WHERE subject_id = ANY (%(subjects)s::uuid[]) AND erased_at IS NOT NULL
"""

# Finds the subjects that speak of a person.
SUBJECTS_OF: Final = """
SELECT subject_id FROM vault.subject_persons WHERE person_id = %(person)s::uuid ORDER BY subject_id
"""

# Says where a sweep ends, by the database's own clock: one for all processes.
SWEEP_END: Final = "SELECT now() - %(older_than)s"

# Reads one page of subjects, from where the last sweep ended, in the order they were stored. A message that was received is named here and
# by no event, so it is no orphan.
SWEEP_PAGE: Final = """
SELECT stored_at, subject_id
  FROM vault.subjects
 WHERE stored_at > coalesce((SELECT swept_through FROM vault.sweep), '-infinity') AND stored_at <= %(through)s AND erased_at IS NULL
   AND NOT EXISTS (SELECT FROM vault.messages WHERE messages.subject_id = subjects.subject_id)
   AND (stored_at, subject_id) > (%(last_stored_at)s::timestamptz, %(last_subject)s::uuid)
 ORDER BY stored_at, subject_id
 LIMIT %(page)s
"""

# Removes orphans with their records and links; a tombstone is never one.
REMOVE: Final = """
WITH unrecorded AS (
    DELETE FROM vault.records WHERE subject_id = ANY (%(subjects)s::uuid[])
), unlinked AS (
    DELETE FROM vault.subject_persons WHERE subject_id = ANY (%(subjects)s::uuid[])
)
DELETE FROM vault.subjects WHERE subject_id = ANY (%(subjects)s::uuid[]) AND erased_at IS NULL
"""

# Remembers how far the log was asked, so that the next sweep does not ask again.
SWEPT: Final = """
INSERT INTO vault.sweep (swept_through) VALUES (%(through)s)
ON CONFLICT (single) DO UPDATE SET swept_through = greatest(sweep.swept_through, excluded.swept_through)
"""

# Names the master key this vault is written under.
MASTER_KEY: Final = "SELECT name, check_value FROM vault.master_key"

# Names it for the first time; of two processes that start at once, one wins and both read what it wrote.
REGISTER_MASTER_KEY: Final = """
INSERT INTO vault.master_key (name, check_value) VALUES (%(name)s, %(check_value)s) ON CONFLICT DO NOTHING
"""

# Reads a corridor's key for one purpose.
INDEX_KEY: Final = """
SELECT wrapped_key, wrapped_by FROM vault.index_keys WHERE corridor = %(corridor)s AND purpose = %(purpose)s
"""

# Gives a corridor its key for one purpose, once.
ADD_INDEX_KEY: Final = """
INSERT INTO vault.index_keys (corridor, purpose, wrapped_key, wrapped_by)
VALUES (%(corridor)s, %(purpose)s, %(wrapped_key)s, %(wrapped_by)s) ON CONFLICT DO NOTHING
"""
