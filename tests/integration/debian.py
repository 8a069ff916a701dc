"""Packages of Debian that tests need, installed where that may be done."""

import os
import shutil
import subprocess


def install(*packages: str) -> None:
    """Install packages, as root, where there is apt-get; elsewhere do nothing."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", "-q", *command], env=environment, capture_output=True, check=False)
