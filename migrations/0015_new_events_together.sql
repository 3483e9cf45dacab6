-- Vacuuming rows that nobody changes told the server of the little room left at the end of every old page, and small events went there: each
-- into a page that had to be read, and written whole into the WAL. What keeps transaction numbers from running out still happens in its time.
-- See docs/decisions/0015.
ALTER TABLE ledger.events SET (autovacuum_vacuum_insert_threshold = -1);
