"""Messages of ISO 20022 as banks exchange them: read with suspicion, written to the official schemas.

Pure modules: bytes in, frozen dataclasses out, and back. Nothing here knows the ledger's aggregates, the database or a clock.
Reading order: errors → xml → parties → credit_transfer → pacs008 → camt053 → status_report → pacs002; for recalls
case_rules → cases → case_fields → camt056 → camt029.
"""
