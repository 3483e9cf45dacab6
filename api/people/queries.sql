-- name: begin_sign_in
-- A sign-in on its way to the identity provider; those that never came back go, and too many at once are none.
WITH forgotten AS (
    DELETE FROM people.sign_ins WHERE begun_at <= %(forget)s
)
INSERT INTO people.sign_ins (state_digest, browser_digest, nonce, verifier, return_to, renews, begun_at)
SELECT %(state)s, %(browser)s, %(nonce)s, %(verifier)s, %(return_to)s, %(renews)s, %(now)s
 WHERE (SELECT count(*) FROM people.sign_ins WHERE begun_at > %(forget)s) < %(most)s
RETURNING begun_at

-- name: take_sign_in
-- The sign-in that an answer of the identity provider belongs to, taken for good.
DELETE FROM people.sign_ins WHERE state_digest = %(state)s
RETURNING browser_digest, nonce, verifier, return_to, renews, begun_at

-- name: open_session
-- A new session in the place of the one it renews; sessions that have ended go.
WITH ended AS (
    DELETE FROM people.sessions WHERE ends_at <= %(now)s OR seen_at <= %(idle)s OR digest = %(renews)s
)
INSERT INTO people.sessions (digest, subject, roles, authenticated_at, begun_at, seen_at, ends_at, browser)
VALUES (%(digest)s, %(subject)s, %(roles)s, %(authenticated_at)s, %(now)s, %(now)s, %(ends)s, %(browser)s)
RETURNING digest

-- name: see_session
-- A session that still counts and belongs to this browser; it is thereby not idle.
UPDATE people.sessions SET seen_at = greatest(seen_at, %(now)s)
 WHERE digest = %(digest)s AND browser = %(browser)s AND seen_at > %(idle)s AND ends_at > %(now)s
RETURNING subject, roles, authenticated_at, begun_at, ends_at

-- name: end_session
-- A session signed out of.
DELETE FROM people.sessions WHERE digest = %(digest)s
RETURNING digest

-- name: count_act
-- One form or command of a person; no row when there were too many in the minute before.
INSERT INTO people.paces AS known (subject, as_of, acts)
VALUES (%(subject)s, %(now)s, %(most)s - 1)
ON CONFLICT (subject) DO UPDATE
   SET as_of = greatest(known.as_of, %(now)s),
       acts = least(%(most)s, known.acts + greatest(0, extract(epoch FROM %(now)s - known.as_of)) * %(most)s / 60.0) - 1
 WHERE least(%(most)s, known.acts + greatest(0, extract(epoch FROM %(now)s - known.as_of)) * %(most)s / 60.0) >= 1
RETURNING acts

-- name: open_case
-- When a person first opened a case; what was opened longer ago than a session lasts is forgotten.
WITH forgotten AS (
    DELETE FROM people.opened_cases WHERE opened_at <= %(forget)s AND (subject, case_path) <> (%(subject)s, %(case)s)
)
INSERT INTO people.opened_cases AS known (subject, case_path, opened_at)
VALUES (%(subject)s, %(case)s, %(now)s)
ON CONFLICT (subject, case_path) DO UPDATE SET opened_at = %(now)s WHERE known.opened_at <= %(forget)s
RETURNING opened_at

-- name: case_opened
-- When a person opened a case.
SELECT opened_at FROM people.opened_cases WHERE subject = %(subject)s AND case_path = %(case)s
