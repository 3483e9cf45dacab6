"""Personal data, kept out of the log: a vault that can forget, and what the log may hold instead.

`vault` stores what names a person, encrypted under one key per subject; `keys` wraps those keys; `commitments` lets a
party be proven later, field by field; `fingerprints` recognises a repeated request until its subject is erased.
"""
