"""One test: how pytest runs it, what became of it."""
