-- The nonces of signed requests that are still young enough to be taken: each is inserted once, by whichever process.
-- Only digests, since who signed and what was drawn is nobody's to read here.

CREATE SCHEMA access;

CREATE TABLE access.nonces (
    digest    bytea PRIMARY KEY,      -- sha256 of signer and nonce
    forget_at timestamptz NOT NULL    -- when a signature with it would be too old in any case
);
CREATE INDEX nonces_by_forget_at ON access.nonces (forget_at);

GRANT USAGE ON SCHEMA access TO corridor_app;
GRANT SELECT, INSERT, DELETE ON access.nonces TO corridor_app;
