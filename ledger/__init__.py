"""The ledger of a corridor: commands become events, events become balances and proofs."""
