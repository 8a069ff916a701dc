"""
Linux's Landlock: a process names what it will still do to which files, and gives up the rest, for what it starts too.

Source: https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import stat
import struct
import sys

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the numbers of the system calls, the same on x86-64 and aarch64
_VERSION, _PATH_BENEATH = 1, 1
_PR_SET_NO_NEW_PRIVS = 38
_OWN_CAPABILITIES, _NO_CAPABILITIES = struct.pack("=Ii", 0x20080522, 0), bytes(24)

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _IOCTL_DEV = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_SCOPES = 1 | 1 << 1  # abstract unix sockets, signals
READ = _EXECUTE | _READ_FILE | _READ_DIR
WRITE = (1 << 16) - 1  # and read, make, remove, move, and talk to devices

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


def version():
    """Return the version of the kernel's interface; 0 where there is none, or it is not for us."""
    try:
        return _call(_CREATE, None, ctypes.c_size_t(0), _VERSION) if _LIBC else 0
    except OSError:
        return 0


class Ruleset:
    """
    What is allowed; all that is not, and that this kernel knows of, will be refused.

    Raises:
        OSError: If the kernel has no Landlock.
    """

    def __init__(self):
        known = version()
        self._handled = WRITE if known >= 5 else WRITE & ~_IOCTL_DEV
        attributes = struct.pack("=QQQ", self._handled, 0, _SCOPES if known >= 6 else 0)
        self._handle = _call(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)

    def allow(self, path, rights):
        """Allow rights to a file, or to a folder and all in it; what is a link, gone or closed to us is left out."""
        try:
            handle = os.open(path, os.O_PATH | os.O_NOFOLLOW)
        except OSError:
            return
        try:
            self._add(handle, rights & self._handled)
        finally:
            os.close(handle)

    def _add(self, handle, rights):
        mode = os.fstat(handle).st_mode
        if stat.S_ISLNK(mode):
            return
        rule = struct.pack("=Qi", rights if stat.S_ISDIR(mode) else rights & _OF_FILES, handle)
        _call(_ADD, self._handle, _PATH_BENEATH, rule, 0)

    def restrict(self):
        """
        Hold this thread, and all that it starts from now on, to what is allowed: there is no way back.

        Its capabilities are given up as well, as some look past the rules: root reads the environment of any process.
        """
        if _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or _LIBC.capset(_OWN_CAPABILITIES, _NO_CAPABILITIES):
            raise _error()
        _call(_RESTRICT, self._handle, 0)
        os.close(self._handle)


def _call(*arguments):
    """Make a system call: its number, then its arguments."""
    result = _LIBC.syscall(*arguments)
    if result < 0:
        raise _error()
    return result


def _error():
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
