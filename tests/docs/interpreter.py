"""Runs in a process of its own: executes the Python blocks of one page in one namespace.

Each line on standard input is a JSON object with ``code`` and ``source``; each line of the answer one with ``printed`` and ``failed``.
"""

import contextlib
import io
import json
import sys
import traceback


def main() -> None:
    """Until standard input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr
    namespace = {"__name__": "__page__"}
    for line in sys.stdin:
        asked = json.loads(line)
        printed, failed = io.StringIO(), ""
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(asked["code"], asked["source"], "exec"), namespace)  # the page's own code is what is tested
            except BaseException:
                failed = traceback.format_exc()
        answers.write(json.dumps({"printed": printed.getvalue(), "failed": failed}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
