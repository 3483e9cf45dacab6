"""Measuring: each figure beside a yardstick taken in the same run, on the same machine, both sides durable."""
