-- Files of statements are kept as they came: compressing them took longer than writing them.
ALTER TABLE reconciliation.files ALTER COLUMN body SET STORAGE EXTERNAL;

-- The night job holds the lines of statements in temporary tables while it matches them. PUBLIC may have them unless somebody took that
-- right away.
DO $$
BEGIN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO corridor_app', current_database());
END
$$;
