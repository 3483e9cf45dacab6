"""The ledger's side of ISO 20022: what a message that comes in makes it do, and what it tells the banks."""
