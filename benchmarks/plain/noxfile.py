"""
What one would write without crossload: a loop that starts a Python for every save and for every load.

The benchmark calls it and says in PLAN, a file of JSON, which Pythons and which scenarios there are.
"""

import json
import os
from pathlib import Path

import nox

PLAIN = Path(__file__).with_name("plain.py")


@nox.session(venv_backend="none")
def loop(session: nox.Session) -> None:
    """Save everything everywhere, then load everything everywhere."""
    plan = json.loads(Path(os.environ["PLAN"]).read_text(encoding="utf-8"))
    for job in plan["jobs"]:
        environment = plan["environments"][job["environment"]]
        session.run(
            environment["python"],
            str(PLAIN),
            json.dumps(job),
            external=True,
            silent=True,
            env=environment["variables"],
            success_codes=range(256),
        )
