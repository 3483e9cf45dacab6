-- The head of a corridor is written at every commit. While somebody's snapshot is open, a backup's or a long report's, the rows it replaced
-- cannot be cleared away, and whoever looked for the head by its corridor went through all of them: ten thousand commits into such a
-- snapshot that took longer than the commit. By corridor and position the newest is found at once, however many there were.
-- See docs/decisions/0020.
ALTER TABLE ledger.heads
    DROP CONSTRAINT heads_pkey,
    ADD CONSTRAINT heads_pkey PRIMARY KEY (corridor, position),
    RESET (fillfactor);

-- The key no longer says that a corridor has one head, and no unique index could without going through the replaced rows again.
CREATE FUNCTION ledger.keep_one_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('head of ' || NEW.corridor, 0));
    IF EXISTS (SELECT FROM ledger.heads WHERE corridor = NEW.corridor) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER one_a_corridor BEFORE INSERT ON ledger.heads FOR EACH ROW EXECUTE FUNCTION ledger.keep_one_head();
ALTER TABLE ledger.heads ENABLE ALWAYS TRIGGER one_a_corridor;

-- Now tells where the head stands when it is asked, not where it was seen by the statement that waited for another writer.
DROP FUNCTION ledger.refuse_moved_head(text, bigint, bigint);
CREATE FUNCTION ledger.refuse_moved_head(moved text, expected bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the head of % stands at position %, not at %: another writer was faster',
        moved, (SELECT position FROM ledger.heads WHERE corridor = moved ORDER BY position DESC LIMIT 1), expected
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
