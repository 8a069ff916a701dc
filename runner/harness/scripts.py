"""A scenario's own code: found, run and asked for one function."""

import importlib.util
import inspect
import os
import sys
import types


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
    found = getattr(_executed(folder, script, name), name, None)
    if not callable(found):
        raise ScenarioError("{} defines no function {}(path)".format(script, name))
    return found


def objects(folder, script):
    """
    Return what a script and the modules of its folder define, by name: custom objects for a loader.

    What the script imported comes along, as the code of a lambda may use it; empty if nothing is defined.
    """
    spaces = _spaces(vars(_executed(folder, script, "save")), folder)
    if not any(name != "save" for space in spaces for name in _defined(space)):
        return {}
    return {name: value for space in spaces for name, value in space.items() if _is_code(name, value)}


def own_names(found, folder):
    """
    Return the names of the classes and functions that a scenario's folder defines, as far as they are at module level.

    Args:
        found: A function of its script, which is no importable module.
        folder: The scenario's folder; what was imported from it counts too.
    """
    return {name for space in _spaces(getattr(found, "__globals__", {}), folder) for name in _defined(space)}


def _executed(folder, script, name):
    spec = importlib.util.spec_from_file_location("scenario_script_" + name, os.path.join(folder, script))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _spaces(own, folder):
    """Return the namespaces of a script and of the modules that were imported from its folder."""
    inside = os.path.join(folder, "")
    others = [vars(m) for m in list(sys.modules.values()) if str(getattr(m, "__file__", None)).startswith(inside)]
    return [own] + others


def _defined(space):
    for value in list(space.values()):
        is_code = inspect.isclass(value) or inspect.isfunction(value)
        if is_code and value.__module__ == space.get("__name__"):
            yield value.__name__


def _is_code(name, value):
    is_code = callable(value) or isinstance(value, types.ModuleType)
    return is_code and name != "save" and not name.startswith("__")
