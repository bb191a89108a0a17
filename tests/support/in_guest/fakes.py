"""Models whose answers are read off a table, and which write down what they were asked (``notes``).

They stand beside the submission and hold no expected value: the tables come from the test.
"""

from __future__ import annotations

import torch
from torch import Tensor, is_grad_enabled, nn

from .notes import note


class TableModel(nn.Module):
    """A "Transformer" whose next-token logits are the row of a table that belongs to the source and the prefix.

    In training mode it answers with the signs turned round, as badly as a dropout of everything. A token that
    the masks do not show does not count, and what the target mask shows of the future does not either; where the
    first token is hidden, it is not taken for another one.
    It notes ``encode`` and ``decode``, of both what ``_note_call`` says, and of prefixes the ``first token``.

    Args:
        table: ``(sources, rows, V)``.
        bos_id: what every prefix must start with.
    """

    table: Tensor

    def __init__(self, table: Tensor, bos_id: int) -> None:
        super().__init__()
        self.register_buffer("table", table.clone())
        self.bos_id = bos_id
        vocab_size = table.size(2)
        # The hidden state holds the logits in reverse order behind two numbers of no meaning.
        self.output_projection = nn.Linear(vocab_size + 2, vocab_size, bias=False)
        weight = torch.cat([torch.zeros(vocab_size, 2), torch.eye(vocab_size).flip(0)], dim=1)
        self.output_projection.load_state_dict({"weight": weight})
        self.output_projection.to(table.dtype)

    def encode(self, src: Tensor, src_mask: Tensor | None) -> Tensor:
        """The tokens, and beside each the sum of those that may be seen: ``(B, L_src, 2)``."""
        note("encode")
        _note_call(self)
        seen = _seen_source(src_mask, src)
        total = (src * seen).sum(dim=1, keepdim=True).expand_as(src)
        return torch.stack([src, total], dim=-1).to(self.table.dtype)

    def decode(self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None, src_mask: Tensor | None) -> Tensor:
        """Hidden states ``(B, L, V + 2)``."""
        note("decode")
        _note_call(self)
        for token in tgt[:, 0].tolist():
            note("first token", token)

        sources, rows, vocab_size = self.table.shape
        tokens, encoded = memory[..., 0].round().long(), memory[:, 0, 1].round().long()
        decoded = (tokens * _seen_source(src_mask, tokens)).sum(dim=1)  # (B) or (1)
        source = (encoded + 6 * decoded) % sources  # both masks matter

        batch, length = tgt.shape
        seen = torch.ones(length, length, dtype=torch.bool, device=tgt.device).tril().expand(batch, length, length)
        if tgt_mask is not None:
            while tgt_mask.dim() < 4:
                tgt_mask = tgt_mask.unsqueeze(0)
            seen = seen & tgt_mask[:, 0]
        row = (tgt[:, :1] != self.bos_id).long()  # (B, 1), 0 after BOS alone
        row = torch.where(seen[:, :, 0], row, 2 % rows)  # (B, L)
        for t in range(1, length):
            row = torch.where(seen[:, :, t], (row * vocab_size + tgt[:, t : t + 1] + 1) % rows, row)
        logits = self.table[source.unsqueeze(1), row]  # (B, L, V)
        logits = -logits if self.training else logits
        junk = torch.full((batch, length, 2), 77.0, dtype=logits.dtype, device=logits.device)
        return torch.cat([junk, logits.flip(-1)], dim=-1)


def _note_call(model: nn.Module) -> None:
    """Whether the model is in training mode (``training``), and whether gradients are on (``gradients``)."""
    note("training", model.training)
    note("gradients", is_grad_enabled())


def _seen_source(mask: Tensor | None, tokens: Tensor) -> Tensor:
    """``(B, L_src)`` booleans."""
    if mask is None:
        return torch.ones_like(tokens, dtype=torch.bool)
    return mask.reshape(mask.size(0), -1, mask.size(-1))[:, 0]


class ContextModel(nn.Module):
    """A small model to train: the sum of three tables, so that its gradient can be worked out by hand.

    The logits after a target token are its row of ``table``, plus the mean row of ``past`` over the target tokens
    that ``tgt_mask`` shows it, plus the mean row of ``source`` over the source tokens that ``src_mask`` shows.
    It notes what ``_note_call`` says.

    Args:
        table, past, source: the initial values, each ``(number of tokens, V)``.
        fails_at: the number of the call, from 1, that raises; 0 for none.
    """

    def __init__(self, table: Tensor, past: Tensor, source: Tensor, fails_at: int = 0) -> None:
        super().__init__()
        self.table = nn.Parameter(table.clone())
        self.past = nn.Parameter(past.clone())
        self.source = nn.Parameter(source.clone())
        self.calls_left = fails_at

    def forward(self, src: Tensor, tgt: Tensor, src_mask: Tensor | None, tgt_mask: Tensor | None) -> Tensor:
        """Logits ``(B, L, V)``."""
        _note_call(self)
        self.calls_left -= 1
        if self.calls_left == 0:
            raise RuntimeError("the model breaks down, as the test asks it to")
        batch, length = tgt.shape
        seen = (
            torch.ones(batch, length, length, dtype=torch.bool, device=tgt.device)
            if tgt_mask is None
            else tgt_mask[:, 0]
        )
        source_seen = torch.ones_like(src, dtype=torch.bool) if src_mask is None else src_mask[:, 0, 0]
        past = _mean_rows(seen, self.past[tgt])  # (B, L, V)
        source = _mean_rows(source_seen.unsqueeze(1), self.source[src])  # (B, 1, V)
        return self.table[tgt] + past + source


def _mean_rows(seen: Tensor, rows: Tensor) -> Tensor:
    """``(B, Q, K)`` booleans and ``(B, K, V)`` give the means ``(B, Q, V)``."""
    share = seen.to(rows.dtype)
    return share @ rows / share.sum(dim=-1, keepdim=True)
