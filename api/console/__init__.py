"""Pages for people: plain HTML made on the server, no script. They ask and show what the API does, with the same commands."""
