"""
Linux's seccomp: what Landlock lets a job do to others, refused by the number of the system call.

A job may know the path of a folder that it cannot open, and still change its mode; it may set limits for a process that
it cannot signal; and some kinds of socket lead out of a container that has no network.

Source: https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

import ctypes
import errno
import os
import platform
import struct
import sys

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # instructions of the filter
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # where they are in what the filter is shown
_OTHER_INTERFACE = 0x40000000  # numbers from here on are those of x32
_SOCKETS = (1, 2, 10, 16)  # of this machine, IPv4, IPv6, and to ask the kernel about the network


class _Machine:
    """The numbers of one architecture."""

    def __init__(self, architecture, modes, limits, socket):
        self.architecture = architecture
        self.modes = modes
        self.limits = limits
        self.socket = socket


_MACHINES = {
    "x86_64": _Machine(0xC000003E, (90, 91, 268, 452), 302, 41),
    "aarch64": _Machine(0xC00000B7, (52, 53, 452), 261, 198),
}
_MACHINE = _MACHINES.get(platform.machine()) if sys.platform.startswith("linux") and sys.maxsize > 2**32 else None


def able():
    """Tell whether we know the numbers of this machine, and its kernel takes a filter."""
    return _MACHINE is not None and os.path.exists("/proc/sys/kernel/seccomp/actions_avail")


def restrict():
    """
    Hold this thread, and all that it starts, to the filter.

    To change a mode does nothing, and looks as if it had been done: copying a file changes modes all the time.

    Raises:
        OSError: If the kernel refuses.
    """
    program = b"".join(_program(_MACHINE))
    instructions = ctypes.create_string_buffer(program)
    described = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_PR_SET_SECCOMP, _FILTER, described, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _program(machine):
    """Give the instructions of the filter."""
    yield _instruction(_LOAD, _ARCHITECTURE)
    for each in _unless(_EQUAL, machine.architecture, _FAIL | errno.ENOSYS):
        yield each
    yield _instruction(_LOAD, _NUMBER)
    yield _instruction(_AT_LEAST, _OTHER_INTERFACE, 0, 1)
    yield _instruction(_RETURN, _FAIL | errno.ENOSYS)
    for number in machine.modes:
        yield _instruction(_EQUAL, number, 0, 1)
        yield _instruction(_RETURN, _FAIL)
    for number, allowed, error in (
        (machine.limits, (0,), errno.EPERM),  # of oneself
        (machine.socket, _SOCKETS, errno.EAFNOSUPPORT),
    ):
        yield _instruction(_EQUAL, number, 0, len(allowed) + 3)
        yield _instruction(_LOAD, _FIRST_ARGUMENT)
        for place, value in enumerate(allowed):
            yield _instruction(_EQUAL, value, len(allowed) - place, 0)
        yield _instruction(_RETURN, _FAIL | error)
        yield _instruction(_RETURN, _ALLOW)
    yield _instruction(_RETURN, _ALLOW)


def _unless(test, value, verdict):
    yield _instruction(test, value, 1, 0)
    yield _instruction(_RETURN, verdict)


def _instruction(code, value, if_true=0, if_false=0):
    return struct.pack("HBBI", code, if_true, if_false, value)
