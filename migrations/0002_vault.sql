-- The vault: what names a person stands here, encrypted under one key per subject, and nowhere in the log.
--
-- It is a store of its own. In production it may live in another database, in the bank's own country; nothing outside this
-- schema refers to its tables, and they refer to nothing outside. No foreign key leads from a record to its subject: both are
-- written in one transaction, and the checks made storing a large file take two fifths longer.

CREATE TABLE vault.master_key (
    single      boolean     PRIMARY KEY DEFAULT true CHECK (single),
    name        text        NOT NULL,
    check_value bytea       NOT NULL,
    first_used  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE vault.master_key IS
    'The master key this vault is written under: its name, and a value only that key opens. Processes with another are refused.';

CREATE TABLE vault.index_keys (
    corridor    text        NOT NULL,
    purpose     text        NOT NULL CHECK (purpose IN ('fingerprint', 'person')),
    wrapped_key bytea       NOT NULL,
    wrapped_by  text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (corridor, purpose)
);
COMMENT ON TABLE vault.index_keys IS
    'Keys of a corridor, wrapped: for fingerprints of requests without personal data, and for finding the same person again.';

CREATE TABLE vault.subjects (
    subject_id  uuid        PRIMARY KEY,
    wrapped_key bytea,
    wrapped_by  text        NOT NULL,
    stored_at   timestamptz NOT NULL DEFAULT now(),
    erased_at   timestamptz,
    CONSTRAINT erased_means_without_key CHECK ((wrapped_key IS NULL) = (erased_at IS NOT NULL))
);
COMMENT ON TABLE vault.subjects IS
    'One row a subject. stored_at, by the database''s clock, serves the sweep of orphans only; erased_at makes it a tombstone.';
CREATE INDEX subjects_by_stored_at ON vault.subjects (stored_at, subject_id);

CREATE TABLE vault.records (
    subject_id uuid  NOT NULL,
    kind       text  NOT NULL CHECK (kind IN ('party', 'account', 'message', 'body', 'reference')),
    nonce      bytea NOT NULL CHECK (octet_length(nonce) = 12),
    ciphertext bytea NOT NULL,
    PRIMARY KEY (subject_id, kind)
);
COMMENT ON TABLE vault.records IS
    'AES-256-GCM ciphertexts under a key derived from the subject''s; subject id and kind are authenticated with each.';
-- Ciphertext does not compress; trying costs time on every large body.
ALTER TABLE vault.records ALTER COLUMN ciphertext SET STORAGE EXTERNAL;

CREATE TABLE vault.subject_persons (
    person_id  uuid NOT NULL,
    subject_id uuid NOT NULL,
    PRIMARY KEY (person_id, subject_id)
);
COMMENT ON TABLE vault.subject_persons IS
    'Which subjects speak of a person (a keyed digest of the identity document), so that the person can be erased.';
CREATE INDEX subject_persons_by_subject ON vault.subject_persons (subject_id);

CREATE TABLE vault.sweep (
    single        boolean     PRIMARY KEY DEFAULT true CHECK (single),
    swept_through timestamptz NOT NULL
);
COMMENT ON TABLE vault.sweep IS 'Every subject stored up to this instant was looked for in the log; what the log never named is gone.';

-- A key may only be destroyed, never replaced, and a tombstone stays: it is the proof that the person was erased.
CREATE FUNCTION vault.guard_subject() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.erased_at IS NOT NULL THEN
        RAISE EXCEPTION 'subject % was erased at %: its tombstone stays as it is', OLD.subject_id, OLD.erased_at
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.erased_at IS NULL
       OR (NEW.subject_id, NEW.wrapped_by, NEW.stored_at)
          IS DISTINCT FROM (OLD.subject_id, OLD.wrapped_by, OLD.stored_at) THEN
        RAISE EXCEPTION 'subject % may only be erased, not changed', OLD.subject_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER guard_subject BEFORE UPDATE OR DELETE ON vault.subjects
    FOR EACH ROW EXECUTE FUNCTION vault.guard_subject();
ALTER TABLE vault.subjects ENABLE ALWAYS TRIGGER guard_subject;

-- The application stores, reads, destroys keys and removes ciphertexts; it changes no ciphertext and no key.
REVOKE ALL ON ALL TABLES IN SCHEMA vault FROM PUBLIC, corridor_app;
GRANT USAGE ON SCHEMA vault TO corridor_app;
GRANT SELECT, INSERT ON vault.master_key, vault.index_keys TO corridor_app;
GRANT SELECT, INSERT, DELETE ON vault.subjects, vault.records, vault.subject_persons TO corridor_app;
GRANT UPDATE (wrapped_key, erased_at) ON vault.subjects TO corridor_app;
GRANT SELECT, INSERT, UPDATE ON vault.sweep TO corridor_app;
