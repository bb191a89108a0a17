"""Machines that are not at hand, imitated: an accelerator without one, a system without POSIX."""
