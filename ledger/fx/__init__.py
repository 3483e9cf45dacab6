"""Rate sheets as central banks publish them: bytes in, exact decimal prices out, and back for the sandbox. Pure; no network here."""
