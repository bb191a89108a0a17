"""Makes pytest's options and fixtures of the kata known, wherever pytest is started from."""

pytest_plugins = ["kata.testing.plugin"]
