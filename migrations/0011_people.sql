-- People who sign in with a browser: sign-ins that are under way, and the sessions that came of them.
--
-- Neither is part of the ledger. What a person did stands in the log under their subject; a session only says that the browser which
-- shows its secret signed in as that subject. Secrets stand here as SHA-256 digests, so whoever reads the table gets no session.

CREATE SCHEMA people;

CREATE TABLE people.sign_ins (
    state_digest   bytea       PRIMARY KEY CHECK (octet_length(state_digest) = 32),
    browser_digest bytea       NOT NULL CHECK (octet_length(browser_digest) = 32),
    nonce          text        NOT NULL,
    verifier       text        NOT NULL,
    return_to      text        NOT NULL,
    renews         bytea       CHECK (octet_length(renews) = 32),
    begun_at       timestamptz NOT NULL
);
COMMENT ON TABLE people.sign_ins IS
    'Sign-ins sent to the identity provider and not come back yet. Each is taken once; renews names the session a step-up renews.';
CREATE INDEX sign_ins_by_age ON people.sign_ins (begun_at);

CREATE TABLE people.sessions (
    digest           bytea       PRIMARY KEY CHECK (octet_length(digest) = 32),
    subject          text        NOT NULL,
    roles            text[]      NOT NULL CHECK (cardinality(roles) > 0),
    authenticated_at timestamptz NOT NULL,
    begun_at         timestamptz NOT NULL,
    seen_at          timestamptz NOT NULL,
    ends_at          timestamptz NOT NULL CHECK (ends_at > begun_at)
);
COMMENT ON TABLE people.sessions IS
    'One row a signed-in browser: the digest of its cookie, the subject of its token, its roles, and until when it counts.';
CREATE INDEX sessions_by_subject ON people.sessions (subject);

-- Who was shown the parties of a transfer stands in its trail.
CREATE INDEX audit_trail_readings ON projections.audit_trail (corridor, (facts ->> 'uetr')) WHERE topic = 'PersonalData.Read.v1';

REVOKE ALL ON ALL TABLES IN SCHEMA people FROM PUBLIC, corridor_app;
GRANT USAGE ON SCHEMA people TO corridor_app;
GRANT SELECT, INSERT, DELETE ON people.sign_ins, people.sessions TO corridor_app;
GRANT UPDATE (seen_at) ON people.sessions TO corridor_app;
