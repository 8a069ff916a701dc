"""Looks at what it is: it has no rights, and cannot get any."""

import os

from tries import Tries, honest, own_folder


def save(path):
    tries = Tries(10)
    with open("/proc/self/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        tries.same(name, 0, int(status[name], 16))
    tries.same("bounding set", 0, int(status["CapBnd"], 16))
    tries.same("no new privileges", "1", status["NoNewPrivs"])
    tries.same("seccomp", "2", status["Seccomp"])
    tries.same("user", os.stat(own_folder(path)).st_uid, os.getuid())
    with open("/proc/1/cmdline", "rb") as file:
        tries.same("first process", True, b"init" in file.read().split(b"\0")[0])
    with open("/proc/self/mounts") as file:
        root = [line.split()[3] for line in file if line.split()[1] == "/"]
    tries.same("root", True, all("ro" in options.split(",") for options in root))
    secrets = [name for name, value in os.environ.items() if "SECRET" in name or "secret" in value]
    tries.same("secrets of the runner", [], secrets)
    tries.end()
    return honest(path)
