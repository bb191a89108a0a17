"""Your code: one module a phase. Fill in the functions and classes that raise NotImplementedError."""
