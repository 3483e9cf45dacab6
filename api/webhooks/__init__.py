"""Telling the banks by webhook: a queue filled from each bank's feed, and the worker that delivers it.

`destinations` says who is told where, `queue` keeps what is still to be told, `post` makes one delivery, `worker` goes on for as long as
the process lives. Each entry is delivered at least once, those of one transfer in their order. A bank that was away misses nothing,
since the feed itself can be read over the API at any time.
"""
