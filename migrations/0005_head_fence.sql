-- What a batch that was decided before it held the head's lock runs into when another writer was faster.

CREATE FUNCTION ledger.refuse_moved_head(corridor text, expected bigint, found bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the head of % stands at position %, not at %: another writer was faster', corridor, found, expected
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
