"""People at a browser: who they are (an identity provider says), what they may do (one table), and for how long (a session)."""
