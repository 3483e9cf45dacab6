"""What the log comes to, kept ready for reading.

Follow a page: `runner` takes whole commits from the log, `folding` turns their facts into rows (`fold_accounts`, `fold_transfers`,
`fold_oversight`), `writing` stores all of them and the position in one transaction. Readers take a `snapshot` and ask one of the modules
named after what they want: `balances`, `lines`, `transfers`, `audit_trail`, `cycles`, `movements`, `breaks`, `cases`, `rate_sheets`,
`feed`, `alerts`. Nothing here ever decides a write.
"""
