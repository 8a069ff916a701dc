"""Never ends."""

import time


def save(path):
    time.sleep(600)
