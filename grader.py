"""Grade the exercises: ``python grader.py``, or ``python grader.py --help``."""

# PYTHON_ARGCOMPLETE_OK

import sys
from pathlib import Path

if __name__ == "__main__":
    folder = str(Path(__file__).resolve().parent)
    if folder not in sys.path:  # PYTHONSAFEPATH keeps it away
        sys.path.insert(0, folder)
    try:
        from kata.cli import main, tell_exception
    except ImportError as error:
        print(f"{error}\nSomething is not installed. Run: python -m pip install -r requirements.txt", file=sys.stderr)
        sys.exit(2)
    sys.excepthook = tell_exception
    sys.exit(main())
