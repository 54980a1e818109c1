"""sagactl as a person at a terminal runs it."""

import os
import pty
import subprocess

from conftest import SAGACTL, clean_environment


def run_on_terminal(api, *args, answer=b""):
    """sagactl with a terminal for its three streams: (exit code, what it showed)."""
    main, side = pty.openpty()
    process = subprocess.Popen([SAGACTL, *args], stdin=side, stdout=side, stderr=side,
                               env=clean_environment(SAGAD_SERVER=api.url, NO_COLOR="1"))
    os.close(side)
    os.write(main, answer)
    shown = b""
    while True:
        try:
            piece = os.read(main, 65536)
        except OSError:
            piece = b""
        if not piece:
            break
        shown += piece
    os.close(main)
    return process.wait(30), shown.decode()
