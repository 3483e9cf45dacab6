-- A command that was refused although it was to begin a stream leaves nothing that could collide with that stream. Its commit says which
-- streams it took not to exist; when one does, the refusal may have to name another reason, and the batch is decided again.

CREATE FUNCTION ledger.refuse_existing_stream(stream uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'stream % was taken not to exist: another writer was faster', stream
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
