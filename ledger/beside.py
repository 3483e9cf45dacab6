"""A process of this very interpreter beside this one, at the other end of a pair of sockets.

It ends by itself when its line is closed, so also when this process is killed. All it knows is sent to it: its arguments tell nothing,
since every user of the machine can read them.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys


def start_beside(module: str, *, send_buffer: int | None = None) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Runs a module, whose `main` begins with `line_to_starter`: our end of the line, and the process.

    ``send_buffer`` is in bytes, of either end. Raises OSError when the system has no room for a process or a line.
    """
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            if send_buffer is not None:
                for end in (ours, theirs):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
            process = subprocess.Popen(  # noqa: S603  # this very interpreter, with a module of ours
                [sys.executable, "-m", module, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
            )
    except OSError:
        ours.close()
        raise
    return ours, process


def line_to_starter() -> socket.socket:
    """The line's other end, in the process that was started. Interrupts are not for it: who started it is told, and closes the line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return socket.socket(fileno=int(sys.argv[1]))
