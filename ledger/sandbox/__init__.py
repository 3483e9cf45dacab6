"""The world around the ledger, played for demos and tests: customers' files, partner banks, their statements. Seeded, never random."""
