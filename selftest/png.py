"""Look into PNG files: are they pictures, and do they show anything?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import image


def pixels(path: Path) -> np.ndarray:
    """The colours of a PNG file, ``(height, width, 3)`` from 0 to 1; fails if it is none."""
    assert path.read_bytes().startswith(b"\x89PNG\r\n"), f"{path.name} is no PNG file"
    return image.imread(path)[:, :, :3]


def assert_shows_something(path: Path) -> None:
    """The picture is as wide as the others, it has ink, and the ink is not cut off at an edge."""
    seen = pixels(path)
    assert seen.shape[1] == 1500
    assert 0.01 < (seen < 0.9).any(axis=2).mean() < 0.95
    edges = np.concatenate([seen[:3].reshape(-1, 3), seen[-3:].reshape(-1, 3), seen[:, -3:].reshape(-1, 3)])
    assert (edges > 0.99).all(), f"{path.name} is cut off at an edge"
