"""Which known mistake a failing task is."""
