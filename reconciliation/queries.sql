-- name: take_turn
-- One night job a corridor at a time: true when the turn is ours.
SELECT pg_try_advisory_lock(hashtextextended('corridor nightly ' || %(corridor)s, 0));

-- name: wait_for_turn
-- Waits until the other night job of this corridor has ended, however long it takes.
SET lock_timeout = 0;
SELECT pg_advisory_lock(hashtextextended('corridor nightly ' || %(corridor)s, 0));

-- name: end_turn
-- Lets the next night job in.
RESET lock_timeout;
SELECT pg_advisory_unlock(hashtextextended('corridor nightly ' || %(corridor)s, 0));

-- name: known_statements
-- The content of statements received before.
SELECT account, statement, digest FROM reconciliation.statements
WHERE corridor = %(corridor)s AND statement = ANY (%(statements)s);

-- name: insert_file
-- Keeps a file as it came.
INSERT INTO reconciliation.files (corridor, digest, body, received_at)
VALUES (%(corridor)s, %(digest)s, %(body)s, %(received_at)s)
ON CONFLICT DO NOTHING;

-- name: insert_statement
-- Keeps what a statement says of itself.
INSERT INTO reconciliation.statements
    (corridor, account, statement, digest, file, first_day, last_day, opening, closing, line_count, received_at)
VALUES (%(corridor)s, %(account)s, %(statement)s, %(digest)s, %(file)s, %(first_day)s, %(last_day)s, %(opening)s, %(closing)s,
        %(line_count)s, %(received_at)s)
ON CONFLICT DO NOTHING;

-- name: night
-- A night that began before.
SELECT night, business_date, boundary, figures FROM reconciliation.nights WHERE corridor = %(corridor)s AND night = %(night)s;

-- name: insert_night
-- Fixes what a night looks at before it begins.
INSERT INTO reconciliation.nights (corridor, night, business_date, boundary, figures, started_at)
VALUES (%(corridor)s, %(night)s, %(business_date)s, %(boundary)s, %(figures)s, %(started_at)s);

-- name: reconciled_before
-- How the account was left by the newest statement before this one: one that ended before its days, or closed as it opens.
SELECT boundary, last_day, closing, remainder, open_lines FROM reconciliation.reconciled
WHERE corridor = %(corridor)s AND account = %(account)s AND last_day < %(last_day)s
      AND (last_day < %(first_day)s OR closing = %(opening)s)
ORDER BY last_day DESC, boundary DESC, night DESC, statement DESC
LIMIT 1;

-- name: insert_reconciled
-- How a statement left its account.
INSERT INTO reconciliation.reconciled (corridor, account, statement, night, boundary, last_day, closing, remainder, open_lines)
VALUES (%(corridor)s, %(account)s, %(statement)s, %(night)s, %(boundary)s, %(last_day)s, %(closing)s, %(remainder)s, %(open_lines)s);

-- name: insert_report
-- Keeps a report.
INSERT INTO reconciliation.reports (corridor, night, business_date, boundary, document, written_at)
VALUES (%(corridor)s, %(night)s, %(business_date)s, %(boundary)s, %(document)s, %(written_at)s);

-- name: report
-- A report as it was written.
SELECT document FROM reconciliation.reports WHERE corridor = %(corridor)s AND night = %(night)s;

-- name: reports
-- All reports, the newest first.
SELECT night, business_date, boundary, written_at FROM reconciliation.reports
WHERE corridor = %(corridor)s
ORDER BY business_date DESC, boundary DESC, night;

-- name: stay
-- Lets a transaction that only reads stay open while a large statement is matched.
SET LOCAL idle_in_transaction_session_timeout = 0;

-- name: declare_expected
-- The ledger's lines of an account up to a boundary that are booked in a span of days, or on an earlier day and not seen before; with the
-- texts a bank may know them by, and the break they were booked for. Read a part at a time.
DECLARE expected NO SCROLL CURSOR FOR
SELECT line.position, line.line_no, line.entry, line.reference, line.command, line.amount, line.booking_date, line.value_date,
       movement.reference, movement.bank_reference, trail.facts ->> 'bank_reference', known.break_id, known.reference
FROM projections.journal_lines AS line
LEFT JOIN projections.movements AS movement
    ON movement.corridor = line.corridor AND movement.stream = line.reference
LEFT JOIN projections.breaks AS known
    ON known.corridor = line.corridor AND known.stream = line.reference
LEFT JOIN projections.audit_trail AS trail
    ON trail.corridor = line.corridor AND trail.subject = line.reference AND trail.command = line.command
       AND trail.facts ? 'bank_reference' AND line.entry IN ('pay_in', 'pay_out')
WHERE line.corridor = %(corridor)s AND line.account = %(account)s AND line.position <= %(boundary)s
  AND (line.booking_date BETWEEN %(first_day)s AND %(last_day)s
       OR (line.booking_date <= %(seen_day)s AND line.position > %(seen)s))
ORDER BY line.position, line.line_no;

-- name: fetch_expected
-- The next part.
FETCH FORWARD 10000 FROM expected;

-- name: close_expected
-- Ends the reading.
CLOSE expected;

-- name: booked_under
-- What an account booked under any of some references up to a boundary.
SELECT line.amount, line.booking_date
FROM projections.journal_lines AS line
WHERE line.corridor = %(corridor)s AND line.account = %(account)s AND line.position <= %(boundary)s
  AND line.reference IN (
      SELECT unnest(%(streams)s::uuid[])
      UNION
      SELECT stream FROM projections.movements WHERE corridor = %(corridor)s AND bank_reference = ANY (%(texts)s::text[]))
UNION ALL
SELECT line.amount, line.booking_date
FROM projections.cycle_payments AS payment
JOIN projections.cycles AS cycle ON cycle.corridor = payment.corridor AND cycle.number = payment.cycle
JOIN projections.audit_trail AS trail
    ON trail.corridor = payment.corridor AND trail.subject = cycle.stream AND trail.position = payment.position
JOIN projections.journal_lines AS line
    ON line.corridor = payment.corridor AND line.reference = cycle.stream AND line.command = trail.command
WHERE payment.corridor = %(corridor)s AND payment.bank_reference = ANY (%(texts)s::text[])
  AND line.account = %(account)s AND line.position <= %(boundary)s;

-- name: resolved_breaks
-- Which of some breaks two officers had resolved at a boundary: nothing follows a resolution, so it is the last event.
SELECT break_id FROM projections.breaks
WHERE corridor = %(corridor)s AND break_id = ANY (%(break_ids)s) AND resolved_at IS NOT NULL AND last_position <= %(boundary)s;

-- name: balance_breaks
-- The breaks in the balance of an account, which have no lines.
SELECT break_id FROM projections.breaks
WHERE corridor = %(corridor)s AND account = %(account)s AND break_class = 'balance_differs' AND position <= %(boundary)s;

-- name: moved
-- What an account booked between two days up to a boundary, by kind of entry.
SELECT entry, count(*), sum(amount)::bigint
FROM projections.journal_lines
WHERE corridor = %(corridor)s AND account = %(account)s AND position <= %(boundary)s
  AND booking_date BETWEEN %(first_day)s AND %(last_day)s
GROUP BY entry
ORDER BY entry;

-- name: on_the_way
-- By debtor agent: transfers in flight, held before funding, and of unknown outcome; how many, and for how much of the settlement currency.
SELECT debtor_agent,
       count(*) FILTER (WHERE state IN ('funded', 'dispatched', 'accepted')),
       coalesce(sum(settlement) FILTER (WHERE state IN ('funded', 'dispatched', 'accepted')), 0)::bigint,
       count(*) FILTER (WHERE state IN ('initiated', 'held', 'cleared')),
       coalesce(sum(settlement) FILTER (WHERE state IN ('initiated', 'held', 'cleared')), 0)::bigint,
       count(*) FILTER (WHERE state IN ('dispatched', 'accepted') AND unanswered_since IS NOT NULL)
FROM projections.transfers
WHERE corridor = %(corridor)s AND state IN ('initiated', 'held', 'cleared', 'funded', 'dispatched', 'accepted')
GROUP BY debtor_agent
ORDER BY debtor_agent;
