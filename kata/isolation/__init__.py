"""The wall: the submission runs in a guest process, the tests judge it from the host, and only data crosses.

``codec`` and ``channel`` carry data, ``server`` makes guests, ``guest`` answers inside one, ``host`` is what the
suites hold instead of the submission's objects, and ``limits``, ``landlock``, ``seccomp`` and ``namespaces`` are what
a guest may not do. ``docs/architecture.md`` explains the whole on one page.
"""
