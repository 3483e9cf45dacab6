"""The partners' shared log made provable: Merkle tree, checkpoints, receipts."""
