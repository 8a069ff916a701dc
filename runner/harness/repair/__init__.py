"""
Copies of an artifact that another Keras can load, and stored weights put into a model that is there already.

``artifacts`` says what a file is and refuses what must not be opened; ``config`` and ``weights`` are what a remedy asks
for. Nothing here has a list of layers: the Keras that will load the copy is asked which classes it has (``live``), what
their constructors take (``objects``) and where a file's variables belong (``places``).
"""

import contextlib
import errno


class NothingToRepair(Exception):
    """Nothing was found that a copy could change; the message is a sentence that says so."""


class WeightsError(Exception):
    """The stored weights do not fit the model; the message is a sentence that says where."""


@contextlib.contextmanager
def reading():
    """
    Tell whatever is raised for an artifact that is damaged, or has a form that no Keras writes, in a sentence.

    Raises:
        NothingToRepair: For everything but what says nothing about the artifact: that memory or the disk is full.
    """
    try:
        yield
    except (NothingToRepair, MemoryError):
        raise
    except Exception as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise
        first = (str(error).strip().split("\n")[0][:200] or "no more is said").rstrip(".")
        raise NothingToRepair("The artifact cannot be repaired ({}: {}).".format(type(error).__name__, first))
