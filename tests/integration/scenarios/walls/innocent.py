"""Does nothing wrong, slowly, with some threads and processes of its own: whatever its neighbours do, it passes."""

import subprocess
import sys
import threading
import time

from tries import honest


def save(path):
    found = honest(path)
    for _ in range(6):
        subprocess.check_call([sys.executable, "-c", "pass"])
        thread = threading.Thread(target=time.sleep, args=(0.3,))
        thread.start()
        thread.join()
    return found
