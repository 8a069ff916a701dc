"""Has children take all memory that they can get."""

import subprocess
import sys

from tries import honest

EAT = "import time\nkept = [b'x' * 2**20 for _ in range(900)]\ntime.sleep(60)"


def save(path):
    found = honest(path)
    children = [subprocess.Popen([sys.executable, "-c", EAT]) for _ in range(10)]
    for child in children:
        subprocess.CompletedProcess(child.args, child.wait()).check_returncode()
    return found
