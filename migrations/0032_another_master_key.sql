-- A vault's master key can be followed by another one: a subject's key may be wrapped anew under another master key, as long as nothing else
-- of its row changes. The owner of the tables does that; the application has no right to say what wraps a key. Tombstones stay.
CREATE OR REPLACE FUNCTION vault.guard_subject() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.erased_at IS NOT NULL THEN
        RAISE EXCEPTION 'subject % was erased at %: its tombstone stays as it is', OLD.subject_id, OLD.erased_at
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF (NEW.subject_id, NEW.stored_at) IS DISTINCT FROM (OLD.subject_id, OLD.stored_at)
       OR (NEW.erased_at IS NULL) = (NEW.wrapped_by = OLD.wrapped_by) THEN
        RAISE EXCEPTION 'subject % may only be erased, or its key wrapped under another master key', OLD.subject_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
