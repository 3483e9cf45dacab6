-- name: due_transfers
-- Transfers that ended before an instant and whose people nobody has ended yet, in the order of their initiation.
SELECT first_position, uetr, debtor, creditor
  FROM projections.transfers
 WHERE corridor = %(corridor)s AND first_position > %(after)s AND updated_at <= %(before)s
   AND state IN ('paid', 'returned', 'rejected', 'refunded', 'cancelled') AND NOT frozen
   AND NOT EXISTS (SELECT FROM projections.audit_trail AS trail
                    WHERE trail.corridor = transfers.corridor AND trail.topic = 'Retention.Ended.v1'
                      AND trail.facts ->> 'uetr' = transfers.uetr::text)
 ORDER BY first_position
 LIMIT %(page)s

-- name: kept_transfers
-- Transfers that began until an instant and whose people are still kept.
SELECT uetr
  FROM projections.transfers
 WHERE corridor = %(corridor)s AND initiated_at <= %(until)s
   AND NOT EXISTS (SELECT FROM projections.audit_trail AS trail
                    WHERE trail.corridor = transfers.corridor AND trail.topic = 'Retention.Ended.v1'
                      AND trail.facts ->> 'uetr' = transfers.uetr::text)

-- name: written_about
-- The subjects under which officers' words about these transfers stand.
SELECT cases.uetr, receipts.fingerprint_key
  FROM projections.cases
  JOIN projections.audit_trail AS trail
    ON trail.corridor = cases.corridor AND trail.subject = cases.stream AND trail.topic = 'ComplianceCase.OpinionGiven.v1'
  JOIN ledger.receipts ON receipts.corridor = trail.corridor AND receipts.command = trail.command
 WHERE cases.corridor = %(corridor)s AND cases.uetr = ANY (%(uetrs)s::uuid[]) AND receipts.fingerprint_key IS NOT NULL
 ORDER BY receipts.position

-- name: count_statement_files
-- Files of statements that came before an instant and still have their bytes.
SELECT count(*) FROM reconciliation.files WHERE corridor = %(corridor)s AND received_at <= %(before)s AND body <> ''

-- name: empty_statement_files
-- Takes the bytes of old files; digest and what was read from them stay.
WITH emptied AS (
    UPDATE reconciliation.files SET body = '' WHERE corridor = %(corridor)s AND received_at <= %(before)s AND body <> '' RETURNING 1
)
SELECT count(*) FROM emptied

-- name: forget_what_passed
-- Nonces of signatures that are too old by now, sign-ins and sessions that have ended, cases opened longer ago than a session lasts, and the
-- pace of people of whom nothing was heard for a day.
WITH nonces AS (
    DELETE FROM access.nonces WHERE forget_at <= %(now)s RETURNING 1
), sign_ins AS (
    DELETE FROM people.sign_ins WHERE begun_at <= %(now)s - interval '10 minutes' RETURNING 1
), sessions AS (
    DELETE FROM people.sessions WHERE ends_at <= %(now)s OR seen_at <= %(now)s - interval '15 minutes' RETURNING 1
), opened AS (
    DELETE FROM people.opened_cases WHERE opened_at <= %(now)s - interval '8 hours' RETURNING 1
), paces AS (
    DELETE FROM people.paces WHERE as_of <= %(now)s - interval '1 day' RETURNING 1
)
SELECT count(*) FROM (
    SELECT FROM nonces UNION ALL SELECT FROM sign_ins UNION ALL SELECT FROM sessions UNION ALL SELECT FROM opened UNION ALL SELECT FROM paces
) AS passed

-- name: named_by_receipts
-- Which of these subjects the receipts and the evidence of any corridor name.
SELECT id FROM unnest(%(subjects)s::uuid[]) AS given (id)
 WHERE id IN (SELECT fingerprint_key FROM ledger.receipts WHERE fingerprint_key IS NOT NULL
              UNION ALL SELECT body_with FROM ledger.evidence WHERE body_with IS NOT NULL
              UNION ALL SELECT body_and FROM ledger.evidence WHERE body_and IS NOT NULL)

-- name: named_by_events
-- Which of these subjects any event of any corridor names, wherever in it.
SELECT DISTINCT found.id[1]::uuid
  FROM ledger.events, regexp_matches(convert_from(state, 'UTF8'), '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'g') AS found (id)
 WHERE found.id[1] = ANY (%(subjects)s::text[])
