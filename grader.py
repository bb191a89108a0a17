"""Grade the exercises: ``python grader.py``, or ``python grader.py --help``."""

import sys

if __name__ == "__main__":
    try:
        from kata.cli import main
    except ImportError as error:
        print(f"{error}\nSomething is not installed. Run: python -m pip install -r requirements.txt", file=sys.stderr)
        sys.exit(2)
    sys.exit(main())
