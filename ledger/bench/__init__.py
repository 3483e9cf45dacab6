"""Measuring: each figure beside a yardstick taken in the same run, on the same machine, both sides durable.

One module a bench (`catalogue` lists them); `result` is what all of them come to, `report` the page made of it. Nothing here is a test:
a figure never fails, only a broken rule of the ledger does.
"""
