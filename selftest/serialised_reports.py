"""A pytest plugin that sends every report through JSON and back, as pytest-xdist sends it to another process."""

from __future__ import annotations

import json
from typing import Any, Generator

import pytest


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    outcome = yield
    hook, config = item.config.hook, item.config
    data = hook.pytest_report_to_serializable(config=config, report=outcome.get_result())
    again = json.loads(json.dumps(data))
    outcome.force_result(hook.pytest_report_from_serializable(config=config, data=again))
