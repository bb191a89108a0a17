"""The reference solutions, one module a phase. Spoilers: try the exercises first."""
