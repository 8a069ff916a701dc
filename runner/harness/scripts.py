"""A scenario's own code: found, run and asked for one function."""

import importlib.util
import inspect
import os
import sys


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


def own_names(found, folder):
    """
    Return the names of the classes and functions that a scenario's folder defines, as far as they are at module level.

    Args:
        found: A function of its script, which is no importable module.
        folder: The scenario's folder; what was imported from it counts too.
    """
    spaces = [getattr(found, "__globals__", {})]
    for module in list(sys.modules.values()):
        if str(getattr(module, "__file__", None)).startswith(os.path.join(folder, "")):
            spaces.append(vars(module))
    return {name for space in spaces for name in _defined(space)}


def _defined(space):
    for value in list(space.values()):
        is_code = inspect.isclass(value) or inspect.isfunction(value)
        if is_code and value.__module__ == space.get("__name__"):
            yield value.__name__
