"""Statements of the accounts the corridor keeps for its participants: the day that closed, taken from the log alone, written as the
banks read it.

Reading order: days → drawing → codes → forms → giving. Nothing here is stored: the same day gives the same bytes each time it is asked for.
"""
