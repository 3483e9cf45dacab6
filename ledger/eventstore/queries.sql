-- name: prepare_batch
-- Planned once for each connection: planning these anew took longer than running them.
-- Of an account's postings only the newest is read, since it states the balance after all of them: a corridor's few accounts have as
-- many postings as the log has commits.
-- corridor || '' keeps the planner from the key that begins with the corridor: of a corridor that its statistics have not met it believes
-- that there is hardly a row, and would go through all of its log for each stream.
PREPARE lock_head (text) AS
SELECT FROM ledger.heads WHERE corridor = $1 ORDER BY position DESC LIMIT 1 FOR UPDATE;
PREPARE catch_up (text, bytea[], uuid[], bigint[]) AS
SELECT 0 AS kind, position, tree_size AS number, NULL::uuid AS id, NULL::bigint AS version, NULL::text AS name,
       compact_range AS body, recorded_at, root AS hash, NULL::bytea AS digest, NULL::uuid AS key
FROM (SELECT * FROM ledger.heads WHERE corridor = $1 ORDER BY position DESC LIMIT 1) AS head
UNION ALL
SELECT 1, position, NULL, command, NULL, partner, answer, recorded_at, fingerprint, digest, fingerprint_key
FROM ledger.receipts
WHERE corridor = $1 AND digest = ANY ($2)
UNION ALL
SELECT 2, event.position, event.boundary, event.stream_id, event.stream_version, event.topic, event.state,
       event.recorded_at, event.leaf_hash, NULL, NULL
FROM (
    SELECT stream_id, after_version,
           EXISTS (SELECT FROM ledger.events WHERE corridor = $1 AND events.stream_id = named.stream_id AND stream_version = 1
                   AND topic = 'Account.Opened.v1') AS is_account
    FROM unnest($3, $4) AS named (stream_id, after_version)
    OFFSET 0
) AS wanted
CROSS JOIN LATERAL (
    SELECT * FROM ledger.events
    WHERE NOT wanted.is_account AND corridor || '' = $1 AND stream_id = wanted.stream_id AND stream_version > wanted.after_version
    UNION ALL
    SELECT * FROM ledger.events
    WHERE wanted.is_account AND corridor = $1 AND stream_id = wanted.stream_id AND stream_version > wanted.after_version
          AND topic IN ('Account.Opened.v1', 'Account.FloorSet.v1', 'Account.StatusProposed.v1', 'Account.StatusSet.v1')
    UNION ALL
    (SELECT * FROM ledger.events
     WHERE wanted.is_account AND corridor || '' = $1 AND stream_id = wanted.stream_id AND stream_version > wanted.after_version
           AND topic = 'Account.Posted.v1'
     ORDER BY stream_version DESC
     LIMIT 1)
) AS event
ORDER BY 1, 2;
PREPARE advance_head (text, bigint, bigint, timestamptz, bytea, bytea) AS
WITH moved AS (
    UPDATE ledger.heads
    SET position = $3, recorded_at = $4, tree_size = $3, root = $5, compact_range = $6
    WHERE corridor = $1 AND position = $2
    RETURNING position
)
SELECT CASE WHEN EXISTS (SELECT FROM moved) THEN $3 ELSE ledger.refuse_moved_head($1, $2) END;
PREPARE hold_head (text, bigint) AS
WITH held AS (
    SELECT FROM ledger.heads WHERE corridor = $1 AND position = $2 FOR UPDATE
)
SELECT CASE WHEN EXISTS (SELECT FROM held) THEN $2 ELSE ledger.refuse_moved_head($1, $2) END;
PREPARE expect_absent (text, uuid[]) AS
SELECT ledger.refuse_existing_stream(stream_id)
FROM unnest($2) AS taken (stream_id)
WHERE EXISTS (SELECT FROM ledger.events WHERE corridor = $1 AND events.stream_id = taken.stream_id AND stream_version = 1);
PREPARE insert_receipts (text, timestamptz, bytea, bytea, bytea, bytea, integer[], integer[], text[], uuid[], bigint[]) AS
INSERT INTO ledger.receipts
    (corridor, recorded_at, digest, command, fingerprint, answer, partner, fingerprint_key, position)
SELECT $1, $2, substring($3 FROM n::integer * 16 - 15 FOR 16), encode(substring($4 FROM n::integer * 16 - 15 FOR 16), 'hex')::uuid,
       substring($5 FROM n::integer * 32 - 31 FOR 32), substring($6 FROM starts FOR length), partner, fingerprint_key, position
FROM unnest($7, $8, $9, $10, $11) WITH ORDINALITY AS receipt (starts, length, partner, fingerprint_key, position, n);
PREPARE insert_evidence (text, uuid[], bytea, bytea, integer[], integer[], bytea, integer[], integer[], boolean[], uuid[], uuid[]) AS
INSERT INTO ledger.evidence (corridor, command, signature, base, body, body_with, body_and)
SELECT $1, command, substring($3 FROM n::integer * 64 - 63 FOR 64), substring($4 FROM base_starts FOR base_length),
       CASE WHEN no_body THEN NULL ELSE substring($7 FROM body_starts FOR body_length) END, with_subject, and_subject
FROM unnest($2, $5, $6, $8, $9, $10, $11, $12) WITH ORDINALITY
    AS given (command, base_starts, base_length, body_starts, body_length, no_body, with_subject, and_subject, n);

-- name: begin_batch
-- Opens the transaction of a batch.
-- Statistics of a young table mislead the planner; everything a batch reads is found by its key.
BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL enable_seqscan = off;

-- name: lock_head
-- From here to the commit this corridor has one writer.
EXECUTE lock_head (%(corridor)s);

-- name: create_head
-- Gives a new corridor its head; nothing where there is one already.
INSERT INTO ledger.heads (corridor, position, recorded_at, tree_size, root, compact_range)
VALUES (%(corridor)s, 0, %(recorded_at)s, 0, %(root)s, %(compact_range)s);

-- name: catch_up
-- All a batch has to know in one answer: the head (0), receipts (1), events of named streams (2).
-- A statement of its own, so that it sees what was committed while the lock was waited for.
EXECUTE catch_up (%(corridor)s, %(digests)s, %(streams)s, %(versions)s);

-- name: load_streams
-- The events of named streams, each after the version the caller already has; of an account's postings the newest alone.
SELECT event.position, event.boundary, event.stream_id, event.stream_version, event.topic, event.state,
       event.recorded_at, event.leaf_hash
FROM (
    SELECT stream_id, after_version,
           EXISTS (SELECT FROM ledger.events WHERE corridor = %(corridor)s AND events.stream_id = named.stream_id AND stream_version = 1
                   AND topic = 'Account.Opened.v1') AS is_account
    FROM unnest(%(streams)s::uuid[], %(versions)s::bigint[]) AS named (stream_id, after_version)
    OFFSET 0
) AS wanted
CROSS JOIN LATERAL (
    SELECT * FROM ledger.events
    WHERE NOT wanted.is_account AND corridor || '' = %(corridor)s AND stream_id = wanted.stream_id AND stream_version > wanted.after_version
    UNION ALL
    SELECT * FROM ledger.events
    WHERE wanted.is_account AND corridor = %(corridor)s AND stream_id = wanted.stream_id AND stream_version > wanted.after_version
          AND topic IN ('Account.Opened.v1', 'Account.FloorSet.v1', 'Account.StatusProposed.v1', 'Account.StatusSet.v1')
    UNION ALL
    (SELECT * FROM ledger.events
     WHERE wanted.is_account AND corridor || '' = %(corridor)s AND stream_id = wanted.stream_id AND stream_version > wanted.after_version
           AND topic = 'Account.Posted.v1'
     ORDER BY stream_version DESC
     LIMIT 1)
) AS event
ORDER BY 1;

-- name: advance_head
-- Moves the head to the end of the commit that follows in the same trip; refuses when it is not where that commit begins.
EXECUTE advance_head (%(corridor)s, %(before)s, %(position)s, %(recorded_at)s, %(root)s, %(compact_range)s);

-- name: hold_head
-- Keeps the head where it is until the commit; refuses when it is not where the batch was decided.
EXECUTE hold_head (%(corridor)s, %(before)s);

-- name: expect_absent
-- Refuses when one of these streams exists, which refused commands were to begin.
EXECUTE expect_absent (%(corridor)s, %(absent)s);

-- name: insert_receipts
-- Stores the answers of a batch beside its events. What has a fixed width comes as one value for all: reading text is what costs here.
EXECUTE insert_receipts (%(corridor)s, %(recorded_at)s, %(digests)s, %(commands)s, %(fingerprints)s, %(answers)s, %(starts)s,
    %(lengths)s, %(partners)s, %(fingerprint_keys)s, %(positions)s);

-- name: insert_evidence
-- Stores the signed requests of a batch beside their receipts.
EXECUTE insert_evidence (%(corridor)s, %(commands)s, %(signatures)s, %(base_bytes)s, %(base_starts)s, %(base_lengths)s, %(body_bytes)s,
    %(body_starts)s, %(body_lengths)s, %(no_body)s, %(with_subjects)s, %(and_subjects)s);

-- name: copy_events
-- Appends events as they come from `encoding.py`, then ends the transaction in the same trip.
COPY ledger.events
    (corridor, position, boundary, stream_id, stream_version, topic, state, recorded_at, leaf_hash)
FROM STDIN (FORMAT binary);
COMMIT;

-- name: force_durable_wait
-- Writes an empty message into the WAL, so that the commit of a replay waits for the synchronous standby too.
SELECT pg_logical_emit_message(true, 'corridor', '');

-- name: head
-- Where the log of a corridor ends.
SELECT position, recorded_at, tree_size, root, compact_range FROM ledger.heads WHERE corridor = %(corridor)s
ORDER BY position DESC LIMIT 1;

-- name: heads
-- The end of every log that has begun.
SELECT corridor, position FROM ledger.heads WHERE position > 0 ORDER BY corridor;

-- name: events_written
-- How many events all logs hold together: the newest head of each corridor in turn, past the replaced ones that a snapshot still keeps.
WITH RECURSIVE newest AS (
    (SELECT corridor, position FROM ledger.heads ORDER BY corridor DESC, position DESC LIMIT 1)
    UNION ALL
    SELECT following.corridor, following.position
    FROM newest
    CROSS JOIN LATERAL (
        SELECT corridor, position FROM ledger.heads
        WHERE heads.corridor < newest.corridor
        ORDER BY corridor DESC, position DESC LIMIT 1
    ) AS following
)
SELECT coalesce(sum(position), 0)::bigint FROM newest;

-- name: read_page
-- Whole commits after a position: as many as fit the size, or the next one alone when it is larger.
SELECT position, boundary, stream_id, stream_version, topic, state, recorded_at, leaf_hash
FROM ledger.events
WHERE corridor = %(corridor)s AND position > %(after)s AND position <= coalesce(
    (SELECT position FROM ledger.events
     WHERE corridor = %(corridor)s AND position > %(after)s AND position <= %(after)s + %(size)s
           AND position = boundary
     ORDER BY position DESC LIMIT 1),
    (SELECT boundary FROM ledger.events WHERE corridor = %(corridor)s AND position = %(after)s + 1))
ORDER BY position;

-- name: read_text_page
-- The same page as text, without what only hashes and writers need.
SELECT position, boundary, recorded_at::text, stream_id::text, topic, convert_from(state, 'UTF8')
FROM ledger.events
WHERE corridor = %(corridor)s AND position > %(after)s AND position <= coalesce(
    (SELECT position FROM ledger.events
     WHERE corridor = %(corridor)s AND position > %(after)s AND position <= %(after)s + %(size)s
           AND position = boundary
     ORDER BY position DESC LIMIT 1),
    (SELECT boundary FROM ledger.events WHERE corridor = %(corridor)s AND position = %(after)s + 1))
ORDER BY position;

-- name: stored_rows
-- Rows as they are, for checking: this relies neither on dense positions nor on boundaries.
SELECT position, boundary, stream_id, stream_version, topic, state, recorded_at, leaf_hash
FROM ledger.events
WHERE corridor = %(corridor)s AND position > %(after)s
ORDER BY position
LIMIT %(size)s;

-- name: blocks_of
-- How many blocks a table has.
SELECT pg_relation_size(%(table)s::regclass) / current_setting('block_size')::bigint;

-- name: receipts_in_parts
-- Receipts for checking, in the order in which they were stored.
SELECT position, command, answer FROM ledger.receipts WHERE {part};

-- name: repeated_commands
-- Commands that were answered more than once.
SELECT command, max(position) FROM ledger.receipts WHERE corridor = %(corridor)s GROUP BY command HAVING count(*) > 1 ORDER BY 2;

-- name: evidence_of
-- The signed requests of some commands.
SELECT command, base, signature, body, body_with, body_and
FROM ledger.evidence
WHERE corridor = %(corridor)s AND command = ANY (%(commands)s::uuid[]);

-- name: evidence_in_parts
-- Signed requests for checking, with the receipts of their commands, in the order in which those were stored.
SELECT receipt.command, receipt.position, receipt.partner, receipt.recorded_at, evidence.base, evidence.signature
FROM (SELECT command, position, partner, recorded_at FROM ledger.receipts WHERE {part} OFFSET 0) AS receipt
CROSS JOIN LATERAL (
    SELECT base, signature FROM ledger.evidence
    WHERE evidence.command = receipt.command AND evidence.corridor = %(corridor)s
    OFFSET 0
) AS evidence;

-- name: count_evidence_in_parts
-- How many signed requests are kept.
SELECT count(*) FROM ledger.evidence WHERE {part};

-- name: evidence_without_receipt
-- Signed requests of commands that have no receipt. All receipts are gone through once: they have no key by command, and where statistics are
-- behind, the planner takes a corridor for one with hardly a request, and would go through all receipts for each of them.
SET LOCAL enable_nestloop = off;
SELECT command FROM ledger.evidence
WHERE corridor = %(corridor)s
      AND NOT EXISTS (SELECT FROM ledger.receipts WHERE receipts.corridor = %(corridor)s AND receipts.command = evidence.command)
ORDER BY command;

-- name: boundary_at
-- The end of the last commit that is complete at a position.
SELECT position FROM ledger.events
WHERE corridor = %(corridor)s AND position <= %(position)s AND position = boundary
ORDER BY position DESC LIMIT 1;

-- name: boundary_at_instant
-- The end of the last commit recorded at or before an instant, by halving: time never runs back in the log.
WITH RECURSIVE search (low, high) AS (
    SELECT 0::bigint, position FROM ledger.heads WHERE corridor = %(corridor)s
    UNION ALL
    SELECT CASE WHEN event.recorded_at <= %(instant)s THEN event.position ELSE search.low END,
           CASE WHEN event.recorded_at <= %(instant)s THEN search.high ELSE event.position - 1 END
    FROM search
    JOIN ledger.events AS event
        ON event.corridor = %(corridor)s AND event.position = (search.low + search.high + 1) / 2
    WHERE search.low < search.high
)
SELECT low FROM search WHERE low = high;

-- name: select_stream
-- Every event of one stream in its order.
SELECT position, boundary, stream_id, stream_version, topic, state, recorded_at, leaf_hash
FROM ledger.events
WHERE corridor || '' = %(corridor)s AND stream_id = %(stream_id)s
ORDER BY stream_version;

-- name: receipt
-- What was answered to the command with this key.
SELECT partner, command, fingerprint, fingerprint_key, answer, position, recorded_at
FROM ledger.receipts
WHERE corridor = %(corridor)s AND digest = %(digest)s;

-- name: receipts
-- What was answered to the commands with these keys.
SELECT digest, partner, command, fingerprint, fingerprint_key, answer, position, recorded_at
FROM ledger.receipts
WHERE corridor = %(corridor)s AND digest = ANY (%(digests)s::bytea[]);

-- name: select_stored_events
-- A slice of one stream, for the library's repositories.
SELECT stream_id, stream_version, topic, state
FROM ledger.events
WHERE corridor || '' = %(corridor)s AND stream_id = %(stream_id)s
      AND stream_version > %(gt)s AND stream_version <= %(lte)s
ORDER BY stream_version
LIMIT %(limit)s;

-- name: select_stored_events_backwards
-- The same slice from its end.
SELECT stream_id, stream_version, topic, state
FROM ledger.events
WHERE corridor || '' = %(corridor)s AND stream_id = %(stream_id)s
      AND stream_version > %(gt)s AND stream_version <= %(lte)s
ORDER BY stream_version DESC
LIMIT %(limit)s;

-- name: select_snapshots
-- A slice of the snapshots of one stream.
SELECT stream_id, stream_version, topic, state
FROM ledger.snapshots
WHERE corridor = %(corridor)s AND stream_id = %(stream_id)s
      AND stream_version > %(gt)s AND stream_version <= %(lte)s
ORDER BY stream_version
LIMIT %(limit)s;

-- name: select_snapshots_backwards
-- The same slice from its end: the latest snapshot first.
SELECT stream_id, stream_version, topic, state
FROM ledger.snapshots
WHERE corridor = %(corridor)s AND stream_id = %(stream_id)s
      AND stream_version > %(gt)s AND stream_version <= %(lte)s
ORDER BY stream_version DESC
LIMIT %(limit)s;

-- name: insert_snapshots
-- Keeps snapshots, all or none.
INSERT INTO ledger.snapshots (corridor, stream_id, stream_version, topic, state)
SELECT %(corridor)s, stream_id, stream_version, topic, decode(state, 'hex')
FROM unnest(%(streams)s::uuid[], %(versions)s::bigint[], %(topics)s::text[], %(states)s::text[])
    AS snapshot (stream_id, stream_version, topic, state);

-- name: select_notifications
-- Events in log order for the library's subscriptions.
SELECT position, stream_id, stream_version, topic, state
FROM ledger.events
WHERE corridor = %(corridor)s AND position >= %(start)s AND position <= %(stop)s
      AND (cardinality(%(topics)s::text[]) = 0 OR topic = ANY (%(topics)s::text[]))
ORDER BY position
LIMIT %(limit)s;

-- name: advance_tracking
-- Moves a reader of the log forward; gives no row when it already stands there or further.
INSERT INTO ledger.tracking AS reader (corridor, name, position)
VALUES (%(corridor)s, %(name)s, %(position)s)
ON CONFLICT (corridor, name) DO UPDATE SET position = excluded.position
    WHERE reader.position < excluded.position
RETURNING position;

-- name: reset_tracking
-- Puts a reader of the log back to the beginning.
UPDATE ledger.tracking SET position = 0 WHERE corridor = %(corridor)s AND name = %(name)s;

-- name: tracked_corridors
-- The corridors that a reader has begun with.
SELECT corridor FROM ledger.tracking WHERE name = %(name)s AND position > 0 ORDER BY corridor;

-- name: tracking_position
-- How far a reader of the log has come.
SELECT position FROM ledger.tracking WHERE corridor = %(corridor)s AND name = %(name)s;

-- name: listen
-- Asks to be told of every commit.
LISTEN corridor_log;

-- name: notify
-- Tells listeners how far a corridor has come.
SELECT pg_notify('corridor_log', %(payload)s);

-- name: take_lease
-- This session's turn at writing to a corridor.
SELECT pg_advisory_lock(hashtextextended('lease of ' || %(corridor)s, 0));

-- name: give_lease
-- The turn is over.
SELECT pg_advisory_unlock_all();

-- name: take_migration_lock
-- One migration of this database at a time.
SELECT pg_advisory_lock(%(key)s);

-- name: release_migration_lock
-- Lets the next migration in.
SELECT pg_advisory_unlock(%(key)s);

-- name: prepare_migrations
-- The place where applied migrations are recorded.
CREATE SCHEMA IF NOT EXISTS ledger;
CREATE TABLE IF NOT EXISTS ledger.migrations (
    name       text PRIMARY KEY,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: migrations_prepared
-- Whether any migration has ever run here.
SELECT to_regclass('ledger.migrations') IS NOT NULL;

-- name: applied_migrations
-- Name and hash of every migration that has run here.
SELECT name, sha256 FROM ledger.migrations ORDER BY name;

-- name: record_migration
-- Remembers a migration in the transaction that ran it.
INSERT INTO ledger.migrations (name, sha256) VALUES (%(name)s, %(sha256)s);

-- name: prepare_role
-- Makes the roles the application acts as, and lets the migrating login act as them: corridor_app, and for reads on behalf of one
-- partner corridor_partner.
-- Another database of the cluster may be migrated at this very moment, and locks do not reach across databases.
DO $$
DECLARE
    missing text;
BEGIN
    FOREACH missing IN ARRAY ARRAY['corridor_app', 'corridor_partner'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = missing) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', missing);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the login % may not create roles: have an administrator run CREATE ROLE % NOLOGIN',
                    session_user, missing USING ERRCODE = 'insufficient_privilege';
        END;
    END LOOP;
END
$$;
DO $$
BEGIN
    IF NOT pg_has_role('corridor_app', 'corridor_partner', 'MEMBER') THEN
        GRANT corridor_partner TO corridor_app;
    END IF;
EXCEPTION
    WHEN unique_violation THEN
        NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the login % may not grant corridor_partner: have an administrator run GRANT corridor_partner TO corridor_app',
            session_user USING ERRCODE = 'insufficient_privilege';
END
$$;
DO $$
BEGIN
    IF NOT pg_has_role(
        session_user, 'corridor_app',
        CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END
    ) THEN
        EXECUTE format('GRANT corridor_app TO %I', session_user);
    END IF;
EXCEPTION
    WHEN unique_violation THEN
        NULL;
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the login % may not act as corridor_app: have an administrator run GRANT corridor_app TO %',
            session_user, quote_ident(session_user) USING ERRCODE = 'insufficient_privilege';
END
$$;
