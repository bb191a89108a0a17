"""How long attention takes with all positions at once, and one after another: ``python -m lessons.figures.timing``.

Writes ``measured/timing.json`` with the times on this machine, on its accelerator (if it has one) and on one CPU core.
Times differ from machine to machine, so nothing tests them; that both ways compute the same is tested.
"""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any, Callable

import torch
from torch import Tensor

from solutions.phase2_attention import MultiHeadAttention, merge_heads, scaled_dot_product_attention, split_heads

RESULTS = Path(__file__).resolve().parent / "measured" / "timing.json"
LENGTHS = (16, 32, 64, 128, 256, 512, 1024)
WIDTH, HEADS = 512, 8
CPU = ("CPU, one core", "CPU の 1 コア")


def all_at_once(layer: MultiHeadAttention, x: Tensor) -> Tensor:
    """Masked self-attention of ``(B, L, d_model)``, every position in the same few matrix products."""
    mask = torch.ones(x.size(1), x.size(1), dtype=torch.bool, device=x.device).tril()
    return layer(x, x, x, mask)[0]


def one_after_another(layer: MultiHeadAttention, x: Tensor) -> Tensor:
    """The same, position by position, with keys and values of earlier ones kept: as a recurrent network must."""
    keys, values, rows = [], [], []
    for position in range(x.size(1)):
        row = x[:, position : position + 1]
        query, key, value = (split_heads(w(row), HEADS) for w in (layer.w_q, layer.w_k, layer.w_v))
        keys.append(key)
        values.append(value)
        heads, _ = scaled_dot_product_attention(query, torch.cat(keys, dim=2), torch.cat(values, dim=2))
        rows.append(layer.w_o(merge_heads(heads)))
    return torch.cat(rows, dim=1)


def milliseconds(function: Callable[[], Any], device: str, repeats: int = 9) -> float:
    """The shortest of some runs, after one that does not count; of a CPU its own time, whatever else it has to do."""
    clock = time.perf_counter if device == "cuda" else time.process_time
    times = []
    for _ in range(repeats + 1):
        start = clock()
        function()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(1000 * (clock() - start))
    return round(min(times[1:]), 4)


def measure(device: str) -> dict[str, Any]:
    """Times for each length on one device."""
    torch.manual_seed(0)
    layer = MultiHeadAttention(WIDTH, HEADS).to(device).eval()
    found: dict[str, Any] = {"name": torch.cuda.get_device_name() if device == "cuda" else CPU[0]}
    for way in (all_at_once, one_after_another):
        with torch.no_grad():
            found[way.__name__] = []
            for length in LENGTHS:
                x = torch.randn(1, length, WIDTH, device=device)
                found[way.__name__].append(milliseconds(partial(way, layer, x), device))
    return found


def main() -> None:
    torch.set_num_threads(1)
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    found = {"lengths": LENGTHS, "devices": [measure(device) for device in devices]}
    RESULTS.write_text(json.dumps(found) + "\n", encoding="utf-8")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
