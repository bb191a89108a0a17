"""Calls a kernel for tensors of MKL-DNN, of which the dispatcher does not know."""

from __future__ import annotations

from . import reach, solved
from .solved import *  # noqa: F403

ops = reach.sys.modules["torch"].ops


class LayerNorm(solved.LayerNorm):
    def forward(self, x):
        x, w, b = (part.detach().to_mkldnn() for part in (x, self.weight, self.bias))
        return ops.prim.MKLDNNLayerNorm(x, [x.size(-1)], w, b, 1e-5, False).to_dense()
