"""How each command is decided, one module a subject; `ledger/handlers.py` is the table of contents.

A handler posts and guards first, then records; it returns ids and positions only. It raises a Refusal to leave no event at all, or
returns one when the refusal itself must leave a trace (a payment that arrives after the refund opens a break).
"""
