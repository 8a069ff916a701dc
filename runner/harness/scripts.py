"""A scenario's own code: found, run and asked for one function."""

import importlib.util
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
    module = _executed(folder, script, "save")
    modules = [module] + [other for other in list(sys.modules.values()) if _is_in(other, folder)]
    found = {name: value for each in modules for name, value in vars(each).items() if _is_code(name, value)}
    own = {each.__name__ for each in modules}
    if not any(getattr(value, "__module__", None) in own for name, value in found.items() if name != "save"):
        return {}
    return {name: value for name, value in found.items() if name != "save"}


def _executed(folder, script, name):
    spec = importlib.util.spec_from_file_location("scenario_script_" + name, os.path.join(folder, script))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _is_in(module, folder):
    path = getattr(module, "__file__", None)
    return isinstance(path, str) and path.startswith(os.path.join(folder, ""))


def _is_code(name, value):
    return not name.startswith("__") and (callable(value) or isinstance(value, types.ModuleType))
