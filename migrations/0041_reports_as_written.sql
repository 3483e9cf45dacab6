-- What a night leaves open, and its report, are kept as the night wrote them: with some thousands of differences, reading the text into jsonb
-- and compressing it took longer than writing it. See docs/decisions/0041.
ALTER TABLE reconciliation.reconciled
    ALTER COLUMN open_lines TYPE json,
    ALTER COLUMN open_lines SET STORAGE EXTERNAL;
ALTER TABLE reconciliation.reports ALTER COLUMN document SET STORAGE EXTERNAL;

-- The night job no longer holds lines in temporary tables. What PUBLIC may do is left as somebody set it.
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM corridor_app', current_database());
END
$$;
