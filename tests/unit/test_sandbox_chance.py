"""Chance in the sandbox: the same seed and label give the same again, another label something else."""

from __future__ import annotations

from ledger.sandbox.seeded import SeededEntropy, chance, sandbox_key, seeded_salt


def test_bytes_repeat_after_a_restart_with_the_same_label() -> None:
    """Lengths do not matter: what is drawn after the restart is what was drawn after the first."""
    entropy = SeededEntropy(7)
    entropy.restart("400/0")
    first = [entropy(16), entropy(32), entropy(5)]
    entropy.restart("400/0")
    assert [entropy(16), entropy(32), entropy(5)] == first
    assert [len(drawn) for drawn in first] == [16, 32, 5]


def test_another_label_or_seed_gives_other_bytes() -> None:
    """A run that goes on from a later position of the log must not draw the ids of an earlier run."""
    drawn = []
    for seed, label in ((7, "400/0"), (7, "400/196"), (8, "400/0")):
        entropy = SeededEntropy(seed)
        entropy.restart(label)
        drawn.append(entropy(32))
    assert len(set(drawn)) == 3


def test_no_two_draws_are_alike() -> None:
    """A thousand salts, all different."""
    entropy = SeededEntropy(7)
    assert len({entropy(32) for _ in range(1_000)}) == 1_000


def test_a_decision_belongs_to_its_label() -> None:
    """Whoever asks, whenever: the same number; and the numbers are spread."""
    numbers = [chance(7, f"rank/{label}", 10) for label in range(1_000)]
    assert numbers == [chance(7, f"rank/{label}", 10) for label in range(1_000)]
    assert set(numbers) == set(range(10))


def test_keys_and_salts_belong_to_seed_and_name() -> None:
    """abb signs with the same key in every run, psbc with another."""
    public = [sandbox_key(seed, who).public_key().public_bytes_raw() for seed, who in ((7, "abb"), (7, "abb"), (7, "psbc"), (8, "abb"))]
    assert public[0] == public[1]
    assert len(set(public)) == 3
    assert seeded_salt(7, "a") == seeded_salt(7, "a") != seeded_salt(7, "b")
