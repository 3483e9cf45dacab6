-- Smaller keys, found with fewer comparisons. See docs/decisions/0015.

-- A receipt is found by half of what SHA-256 gives: 16 bytes make two keys meet by chance no sooner, and its index a quarter smaller. The
-- random part of a key comes first, so that a search compares no corridor's name until it has found the one row.
ALTER TABLE ledger.receipts
    DROP CONSTRAINT receipts_pkey,
    ALTER COLUMN digest TYPE bytea USING substring(digest FROM 1 FOR 16),
    ADD CONSTRAINT receipts_pkey PRIMARY KEY (digest, corridor);

ALTER TABLE ledger.events
    DROP CONSTRAINT events_corridor_stream_id_stream_version_key,
    ADD CONSTRAINT events_stream_version UNIQUE (stream_id, stream_version, corridor);

-- Vacuuming rows that nobody changes told the server of the little room left at the end of every old page, and small events went there: each
-- into a page that had to be read, and written whole into the WAL. What keeps transaction numbers from running out still happens in its time.
ALTER TABLE ledger.events SET (autovacuum_vacuum_insert_threshold = -1);
