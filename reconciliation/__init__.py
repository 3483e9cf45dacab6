"""Reconciliation: what the banks' statements say, held against what the ledger says, line by line.

A night goes: `reported` (statements become flat lines) → `staging` (which the database holds) → `comparing` (what agrees is counted there,
the rest comes out, the ledger's lines by `expected`) → `matching` (each of these in exactly one class, I14) → `breaks` (differences become
commands to the ledger) → `report` (the treasurer's page). `nightly` runs it, `archive` keeps what came in and what was found.
"""
