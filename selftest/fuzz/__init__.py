"""A fuzzer for what passes between guest and host: frames, values, and what the host makes of them.

``python -m selftest.fuzz --minutes 60`` looks for an hour. ``streams`` makes what a hostile guest may send,
``conversation`` is the host that hears it, ``values`` crosses the codec there and back. ``corpus/`` keeps answers of an
honest guest, which the streams begin with, and every stream that has ever shown a mistake.
"""
