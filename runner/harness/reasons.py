"""Why a job failed: the traceback, with what Keras hides of it, and the stack of what does not end."""

import faulthandler
import signal
import traceback

OVER = 2000  # characters of an exception that another was raised over


def show_stack_every(seconds):
    """
    Print the stack now and then, so that the log of a job that never ends says where it is.

    By a signal, which the busy thread handles itself: `faulthandler.dump_traceback_later` reads its frames from another
    thread while they change, and was seen to crash it.
    """
    faulthandler.register(signal.SIGALRM, all_threads=False)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)


def traced(error):
    """Return the traceback, and behind it what the exception was raised over: Keras raises its own ``from None``."""
    shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    chain = _raised_over(error)
    over = ["Raised over {}: {}\n".format(type(each).__name__, text(each)[:OVER]) for each in chain]
    made = ["Raised while making a {}\n".format(name) for name in map(_in_making, [error] + chain) if name]
    return shown + "".join(over + made[-1:])


def _in_making(error):
    """Return the class whose ``__init__`` raised an exception; None if none did."""
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "__init__" and "self" in frame.f_locals:
            found = type(frame.f_locals["self"]).__name__
    return found


def _raised_over(error):
    found, known = [], {id(error)}
    while len(found) < 5:
        error = error.__cause__ or error.__context__
        if error is None or id(error) in known:
            break
        known.add(id(error))
        found.append(error)
    return found


def text(error):
    """Return what an exception says, if it can say it."""
    try:
        return str(error)
    except Exception:
        return "(its message cannot be shown)"
