-- Messages as they were received. Each is a subject of the vault, so its bytes are encrypted under a key of its own and can be forgotten;
-- this table says who sent which bytes when, and stays. The digest tells nothing that could be guessed back: messages carry random UETRs.
CREATE TABLE vault.messages (
    corridor   text COLLATE "C" NOT NULL,
    sender     text COLLATE "C" NOT NULL,
    digest     bytea NOT NULL CHECK (octet_length(digest) = 32),
    subject_id uuid NOT NULL UNIQUE,
    came_at    timestamptz NOT NULL,
    size       bigint NOT NULL,
    message    text,
    message_id text,
    refused    text,
    PRIMARY KEY (corridor, sender, digest)
);
COMMENT ON TABLE vault.messages IS
    'digest: SHA-256 of the bytes. message, message_id: kind and id, where they could be read. refused: the code by which it was refused as a whole.';
CREATE INDEX messages_by_id ON vault.messages (corridor, sender, message, message_id);
CREATE INDEX messages_by_time ON vault.messages (corridor, came_at);

CREATE FUNCTION vault.refuse_message_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was received stays as it was written down' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON vault.messages
    FOR EACH STATEMENT EXECUTE FUNCTION vault.refuse_message_change();
ALTER TABLE vault.messages ENABLE ALWAYS TRIGGER append_only;
GRANT SELECT, INSERT ON vault.messages TO corridor_app;
