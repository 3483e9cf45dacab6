-- A session belongs to the browser and the network that it began in, and a person has a pace, whatever process answers.

ALTER TABLE people.sessions ADD COLUMN browser bytea NOT NULL DEFAULT '' CHECK (octet_length(browser) IN (0, 32));
COMMENT ON COLUMN people.sessions.browser IS
    'SHA-256 of the network and the user agent that the session began with; another one does not get in by it. Sessions that began before this
     column was there end.';

CREATE TABLE people.paces (
    subject text             PRIMARY KEY,
    as_of   timestamptz      NOT NULL,
    acts    double precision NOT NULL
);
COMMENT ON TABLE people.paces IS 'How many forms and commands a person may still send at once, as of an instant; it grows back with time.';

CREATE TABLE people.opened_cases (
    subject   text        NOT NULL,
    case_path text        NOT NULL,
    opened_at timestamptz NOT NULL,
    PRIMARY KEY (subject, case_path)
);
COMMENT ON TABLE people.opened_cases IS 'When a person first opened a case of late: an opinion on it may not follow at once.';
CREATE INDEX opened_cases_by_age ON people.opened_cases (opened_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON people.paces, people.opened_cases TO corridor_app;
