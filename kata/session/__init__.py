"""The process that runs suites: pytest inside, one event a test."""
