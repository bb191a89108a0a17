"""The paper's formulas in float64 NumPy, written to be read: what the suites compare with."""
