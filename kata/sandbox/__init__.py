"""The learner's code run in another process.

The submission runs in a guest process, the tests judge it from the host, and only data crosses.
``docs/architecture.md`` explains the whole on one page.
"""
