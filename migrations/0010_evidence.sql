-- Signed requests, kept beside the receipts of the commands they asked for: a bank cannot deny what it signed, and nobody can make it up.
-- They are written in the transaction of events and receipts, so a command has its evidence or was never decided.

CREATE TABLE ledger.evidence (
    corridor  text COLLATE "C" NOT NULL,
    command   uuid NOT NULL,
    base      bytea NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    body      bytea,
    body_with uuid,
    body_and  uuid,
    -- The random part comes first, as in the receipts.
    PRIMARY KEY (command, corridor),
    CHECK (body IS NULL OR body_with IS NULL),
    CHECK (body_with IS NOT NULL OR body_and IS NULL)
);
COMMENT ON TABLE ledger.evidence IS
    'base: the signature base of RFC 9421, which names key, time, target and the digest of the body. body: sealed, of a request without '
    'personal data; else the vault keeps it, with the subject body_with alone or in two halves with body_and.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.evidence
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.evidence ENABLE ALWAYS TRIGGER append_only;
GRANT SELECT, INSERT ON ledger.evidence TO corridor_app;
