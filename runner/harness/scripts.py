"""A scenario's own code: found, run and asked for one function."""

import importlib.util
import os


class ScenarioError(Exception):
    """The scenario broke its contract: nothing is learned about versions."""


def function(folder, script, name):
    """
    Run a script and return the function `name` that it defines.

    The module's name is not importable, as with a training script or a notebook: what a model records of it cannot be
    found again by accident.

    Raises:
        ScenarioError: If the script defines no such function.
    """
    path = os.path.join(folder, script)
    spec = importlib.util.spec_from_file_location("scenario_script_" + name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = getattr(module, name, None)
    if not callable(found):
        raise ScenarioError("{} defines no function {}(path)".format(script, name))
    return found
