"""The daemon tests' scaffold, for tests that kill the daemon."""

import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)


def _scaffold():
    path = os.path.join(os.path.dirname(HERE), "daemon", "conftest.py")
    spec = importlib.util.spec_from_file_location("scaffold", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["scaffold"] = module
    spec.loader.exec_module(module)
    return module


# Everything, so that one run may have both folders: which conftest comes first is chance.
globals().update((k, v) for k, v in vars(_scaffold()).items() if not k.startswith("_"))
