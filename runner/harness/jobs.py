"""
One job, in a process of its own: a save or a load, and what was seen of it.

An observation is a file of JSON and one of arrays; neither says whether anything is right. The file ``phase`` says how
far the job came, for the case that the process does not live to write them.
"""

import faulthandler
import os
import sys
import tempfile
import traceback

from . import loading, preload, reasons, saving
from .job import Job
from .repair import contents

TEXT = 20000


def run(message, refused=None):
    """
    Do one job and write its observation.

    Args:
        refused: An error for which it must not be done, which then is what is observed.

    Returns:
        The status to exit with.
    """
    faulthandler.enable()
    reasons.show_stack_every(0.3 * message["seconds"])
    job = Job(message)
    status = 0
    try:
        if refused:
            raise refused
        _settle(job)
        preload.modules(message["imports"])
        job.tf = preload.tensorflow()
        preload.seed(job.tf, message.get("seed", 0))
        _KINDS[message["kind"]](job)
    except BaseException as error:
        status = _caught(job, error)
    _flush()
    job.write()
    return status


def _settle(job):
    """Work in a scratch folder, with the scenario first on the path."""
    for name in ("scratch", "tmp"):
        os.makedirs(os.path.join(job.folder, name))
    os.chdir(os.path.join(job.folder, "scratch"))
    os.environ["TMPDIR"] = tempfile.tempdir = os.path.join(job.folder, "tmp")
    sys.path.insert(0, job.message["scenario"])


def _caught(job, error):
    """Note what stopped the job; a script that says it does not apply here exits with 127."""
    if isinstance(error, SystemExit):
        if error.code == 127:
            job.observation["unsupported"] = "the script exited with status 127"
            return 127
        text = "sys.exit({!r}) was called".format(error.code)
    else:
        text = reasons.text(error)
    if isinstance(error, NotImplementedError) and _in_scenario(job, error):
        job.observation["unsupported"] = text or "the script raised NotImplementedError"
        return 127
    job.observation["exception"] = {
        "type": type(error).__name__,
        "message": text[:TEXT],
        "traceback": (reasons.traced(error) + _artifact(job))[-2 * TEXT :],
        "in_scenario": _in_scenario(job, error),
    }
    return 1


def _artifact(job):
    """Say, behind a traceback, what it was that could not be loaded."""
    if job.observation["phase"] != "load" or not job.message.get("path"):
        return ""
    try:
        return "The artifact is {}.\n".format(contents.told(job.message["path"]))
    except OSError:
        return ""


def _in_scenario(job, error):
    """Tell whether the scenario's own line raised it, not a library that the line called."""
    folder = os.path.join(job.message["scenario"], "")
    if isinstance(error, SyntaxError):
        return str(error.filename).startswith(folder)
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.startswith(folder)


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass


def _check(job):
    preload.check()
    job.observation["versions"] = preload.versions(job.message["imports"])


def _learn(job):
    job.observation["modules"] = preload.learn()


_KINDS = {
    "save": saving.save,
    "adopt": saving.adopt,
    "load": loading.load,
    "resave": loading.resave,
    "repair": loading.repair,
    "check": _check,
    "learn": _learn,
}
