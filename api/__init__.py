"""The corridor over HTTP: every route signed, every command exactly once, every error a problem of RFC 9457."""
