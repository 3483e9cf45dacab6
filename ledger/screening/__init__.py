"""Screening: the parties of a transfer are compared with lists before any money moves."""
