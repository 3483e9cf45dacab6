"""The corridor's rules: pure, without a driver, a framework, a clock or settings."""
