"""A class: find what was handed in, grade it side by side, and see what the class has not understood."""
