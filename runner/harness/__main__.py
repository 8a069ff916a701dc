"""
The way in, started by path: ``python runner/harness serve ...`` or ``python runner/harness job JOB.json``.

Only this package may be imported from here: a scenario's own ``model.py`` or ``plan.py`` must not meet the runner's.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(_HERE)
    if sys.argv[1] == "serve":
        from harness.server import main
    else:
        from harness.afresh import main
    del sys.path[0]
    main(sys.argv[2:])
