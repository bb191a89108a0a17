"""Known mistakes, made in right answers in other styles: what a diagnosis must see through.

``"<phase id>/<variant>"`` to the misconception's id to edits (text, replacement) of the variant.
"""

CHECK = (
    "        if x.size(1) > self.pe.size(1):\n"
    '            raise ValueError(f"{x.size(1)} positions asked for, {self.pe.size(1)} in the table")\n'
)

MADE = {
    "phase1_embedding/exp_of_log": {
        "encoding-every-column-its-own-frequency": (
            (
                "    pe[:, 0::2] = torch.sin(position * _frequencies(d_model))\n"
                "    pe[:, 1::2] = torch.cos(position * _frequencies(d_model))\n",
                "    angles = position * torch.exp(torch.arange(d_model) * -(math.log(10000.0) / d_model))\n"
                "    pe[:, 0::2] = torch.sin(angles[:, 0::2])\n"
                "    pe[:, 1::2] = torch.cos(angles[:, 1::2])\n",
            ),
        ),
        "encoding-twice-the-column": (
            (
                "    pe[:, 0::2] = torch.sin(position * _frequencies(d_model))\n"
                "    pe[:, 1::2] = torch.cos(position * _frequencies(d_model))\n",
                "    angles = position * torch.exp(torch.arange(d_model) * -(2 * math.log(10000.0) / d_model))\n"
                "    pe[:, 0::2] = torch.sin(angles[:, 0::2])\n"
                "    pe[:, 1::2] = torch.cos(angles[:, 1::2])\n",
            ),
        ),
        "encoding-angles=pairs,sin,1000,0,1,0,cos,1000,0,1,0": (
            ("math.log(10000.0) / d_model", "math.log(1000.0) / d_model"),
        ),
        "embedding-token-1-frozen": (
            ("nn.Embedding(vocab_size, d_model)", "nn.Embedding(vocab_size, d_model, padding_idx=1)"),
        ),
        "positions-length-not-checked": (
            (
                CHECK,
                "",
            ),
        ),
        "positions-length-asserted": (
            (
                CHECK,
                "        assert x.size(1) <= self.pe.size(1)\n",
            ),
        ),
        "encoding-exponent-halved": (("-(math.log(10000.0) / d_model)", "-(math.log(10000.0) / d_model / 2)"),),
        "encoding-sine-everywhere": (("pe[:, 1::2] = torch.cos(", "pe[:, 1::2] = torch.sin("),),
        "embedding-not-scaled": (("return self.scale * self.embedding(tokens)", "return self.embedding(tokens)"),),
        "positions-without-dropout": (
            ("self.dropout(x + self.pe[:, : x.size(1)].to(x.dtype))", "x + self.pe[:, : x.size(1)].to(x.dtype)"),
        ),
        "positions-dropout-before-the-sum": (
            (
                "self.dropout(x + self.pe[:, : x.size(1)].to(x.dtype))",
                "self.dropout(x) + self.pe[:, : x.size(1)].to(x.dtype)",
            ),
        ),
        "shift-without-a-minus": (("= -angles.sin()", "= angles.sin()"),),
        "shift-backwards": (("angles = offset *", "angles = -offset *"),),
    },
    "phase2_attention/einsum_throughout": {
        "mask-inverted-and-not-zeroed": (
            ("torch.where(mask, scores, torch.finfo(scores.dtype).min)", "scores.masked_fill(mask, -1e9)"),
            ('torch.einsum("...qk,...qk->...qk", weights, mask.expand_as(weights).to(weights.dtype))', "weights"),
        ),
        "mask-inverted-and-infinite": (
            ("torch.where(mask, scores, torch.finfo(scores.dtype).min)", 'scores.masked_fill(mask, float("-inf"))'),
            ('torch.einsum("...qk,...qk->...qk", weights, mask.expand_as(weights).to(weights.dtype))', "weights"),
        ),
        "attention-softmax-over-dimension-1": (("scores.softmax(-1)", "scores.softmax(1)"),),
        "heads-drop-the-output": (
            (
                '        return torch.einsum("bhld,mhd->blm", heads, weight) + self.w_o.bias, weights',
                '        output = torch.einsum("bhld,mhd->blm", heads, weight) + self.w_o.bias\n'
                "        return nn.functional.dropout(output, training=self.training, p=0.1), weights",
            ),
        ),
        "heads-drop-weights-and-return-them": (
            (
                "        heads, weights = scaled_dot_product_attention(q, k, v, mask)\n",
                "        _, weights = scaled_dot_product_attention(q, k, v, mask)\n"
                "        weights = nn.functional.dropout(weights, training=self.training, p=0.1)\n"
                '        heads = torch.einsum("bhqk,bhkv->bhqv", weights, v)\n',
            ),
        ),
        "heads-split-by-reshape-alone": (
            (
                'return torch.einsum("blm,hdm->bhld", x, weight) + layer.bias.view(self.h, 1, self.d_k)',
                'flat = torch.einsum("blm,hdm->blhd", x, weight) + layer.bias.view(self.h, self.d_k)\n'
                "        return flat.reshape(x.size(0), self.h, x.size(1), self.d_k)",
            ),
        ),
        "mask-fills-the-data": (("scores = torch.where(mask, scores,", "scores = torch.where(mask, scores.detach(),"),),
        "mask-filled-with-minus-10000": (("torch.finfo(scores.dtype).min)", "-1e4)"),),
        "attention-weights-before-the-output": (
            (
                'return torch.einsum("...qk,...kv->...qv", weights, value), weights',
                'return weights, torch.einsum("...qk,...kv->...qv", weights, value)',
            ),
        ),
        "attention-scaled-by-the-width-of-the-values": (("query.shape[-1] ** -0.5", "value.shape[-1] ** -0.5"),),
        "heads-return-the-output-alone": (
            (
                '        return torch.einsum("bhld,mhd->blm", heads, weight) + self.w_o.bias, weights',
                '        return torch.einsum("bhld,mhd->blm", heads, weight) + self.w_o.bias',
            ),
        ),
        "heads-add-the-query": (
            (
                '        return torch.einsum("bhld,mhd->blm", heads, weight) + self.w_o.bias, weights',
                '        return torch.einsum("bhld,mhd->blm", heads, weight) + self.w_o.bias + query, weights',
            ),
        ),
        "heads-assertion-for-value-error": (
            ('raise ValueError(f"{d_model} features', 'raise AssertionError(f"{d_model} features'),
        ),
        "attention-not-scaled": ((" * query.shape[-1] ** -0.5", ""),),
        "heads-without-mask": (
            ("scaled_dot_product_attention(q, k, v, mask)", "scaled_dot_product_attention(q, k, v)"),
        ),
        "mask-inverted": (
            ("torch.where(mask,", "torch.where(~mask,"),
            ("mask.expand_as", "(~mask).expand_as"),
        ),
        "merge-interleaves-features": (
            ('torch.einsum("bhld->blhd", x).flatten(2)', 'torch.einsum("bhld->bldh", x).flatten(2)'),
        ),
    },
    "phase2_attention/fused_projection": {
        "heads-without-output-projection": (("self.w_o(merge_heads(output))", "merge_heads(output)"),),
        "split-without-transpose": (
            ("x.unflatten(-1, (num_heads, -1)).transpose(1, 2)", "x.unflatten(-1, (num_heads, -1))"),
        ),
        "attention-softmax-over-queries": (
            ("weights = F.softmax(scores, dim=-1)\n", "weights = F.softmax(scores, dim=-2)\n"),
            ("weights = F.softmax(scores, dim=-1) *", "weights = F.softmax(scores, dim=-2) *"),
        ),
    },
    "phase2_attention/softmax_by_hand": {
        "attention-divided-by-d-k": (("query.size(-1) ** 0.5", "query.size(-1)"),),
        "heads-values-from-the-key": (("split_heads(value @", "split_heads(key @"),),
        "attention-output-from-keys": (("value.unsqueeze(-3)", "key.unsqueeze(-3)"),),
        "attention-returns-keys": (
            ("value.unsqueeze(-3)", "(key if key.shape == value.shape else value).unsqueeze(-3)"),
        ),
    },
    "phase3_layers/moments": {
        "layer-norm-unbiased-variance": (
            (
                "(second - first.square()).clamp(min=0)",
                "(second - first.square()).clamp(min=0) * self.d_model / (self.d_model - 1)",
            ),
        ),
        "feed-forward-relu-on-the-output": (
            ("return self.linear2(before * (before > 0))", "return torch.relu(self.linear2(before * (before > 0)))"),
        ),
        "layer-norm-eps-outside-the-root": (("(variance + self.eps).sqrt()", "(variance.sqrt() + self.eps)"),),
        "add-and-norm-without-residual": (
            ("torch.stack([x, self.dropout(sublayer_output)]).sum(dim=0)", "self.dropout(sublayer_output)"),
        ),
    },
    "phase3_layers/functional_calls": {
        "feed-forward-builds-a-relu-of-the-tensor": (
            ("F.relu(F.linear(x, self.linear1.weight, self.linear1.bias), inplace=True)", "nn.ReLU(self.linear1(x))"),
        ),
        "layer-norm-default-eps=1e-12": (("eps: float = 1e-5", "eps: float = 1e-12"),),
        "layer-norm-default-eps=1e-06": (("eps: float = 1e-5", "eps: float = 1e-6"),),
        "layer-norm-mean-of-squares-minus-square": (
            (
                "variance, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)",
                "mean = x.mean(-1, keepdim=True)\n        variance = x.square().mean(-1, keepdim=True) - mean.square()",
            ),
        ),
        "feed-forward-silu": (
            (
                "F.relu(F.linear(x, self.linear1.weight, self.linear1.bias), inplace=True)",
                "F.silu(F.linear(x, self.linear1.weight, self.linear1.bias))",
            ),
        ),
        "add-and-norm-norm-of-the-dropped-output": (
            ("return self.norm(torch.add(x, dropped))", "return torch.add(x, self.norm(dropped))"),
        ),
        "layer-norm-mean-not-subtracted": (("(x - mean) *", "x *"),),
        "feed-forward-gelu": (
            (
                "F.relu(F.linear(x, self.linear1.weight, self.linear1.bias), inplace=True)",
                "F.gelu(F.linear(x, self.linear1.weight, self.linear1.bias))",
            ),
        ),
        "add-and-norm-dropout-always-on": (("training=self.training", "training=True"),),
    },
    "phase4_transformer/parts_in_another_order": {
        "encoder-layer-join-arguments-swapped-at-add-norm1": (
            (
                "x = self.add_norm1(x, self.self_attention(x, x, x, mask)[0])",
                "x = self.add_norm1(self.self_attention(x, x, x, mask)[0], x)",
            ),
        ),
        "encoder-layer-dropout-not-passed-to-add-norm1": (
            (
                "        self.add_norm1 = AddAndNorm(d_model, dropout)\n",
                "        self.add_norm1 = AddAndNorm(d_model)\n",
            ),
        ),
        "encoder-layer-join-arguments-swapped": (
            (
                "x = self.add_norm1(x, self.self_attention(x, x, x, mask)[0])",
                "x = self.add_norm1(self.self_attention(x, x, x, mask)[0], x)",
            ),
            ("return self.add_norm2(x, self.feed_forward(x))", "return self.add_norm2(self.feed_forward(x), x)"),
        ),
        "encoder-layer-takes-the-pair-for-the-output": (
            (
                "x = self.add_norm1(x, self.self_attention(x, x, x, mask)[0])",
                "x = self.add_norm1(x, self.self_attention(x, x, x, mask))",
            ),
        ),
        "decoder-layer-self-mask-in-both": (
            (
                "self.cross_attention(x, memory, memory, memory_mask)[0]",
                "self.cross_attention(x, memory, memory, self_mask)[0]",
            ),
        ),
        "decoder-layer-keys-from-the-decoder": (
            (
                "self.cross_attention(x, memory, memory, memory_mask)[0]",
                "self.cross_attention(x, x, memory, memory_mask)[0]",
            ),
        ),
        "decoder-masks-swapped": (
            ("x = layer(x, memory, self_mask, memory_mask)", "x = layer(x, memory, memory_mask, self_mask)"),
        ),
        "transformer-forward-swaps-the-masks": (
            (
                "self.decode(tgt, self.encode(src, src_mask), tgt_mask, src_mask)",
                "self.decode(tgt, self.encode(src, src_mask), src_mask, tgt_mask)",
            ),
        ),
        "encoder-layer-mask-forgotten": (("self.self_attention(x, x, x, mask)[0]", "self.self_attention(x, x, x)[0]"),),
        "encoder-layer-old-residual": (
            (
                "        x = self.add_norm1(x, self.self_attention(x, x, x, mask)[0])\n"
                "        return self.add_norm2(x, self.feed_forward(x))",
                "        y = self.add_norm1(x, self.self_attention(x, x, x, mask)[0])\n"
                "        return self.add_norm2(x, self.feed_forward(y))",
            ),
        ),
        "decoder-layer-queries-from-memory": (
            (
                "self.cross_attention(x, memory, memory, memory_mask)[0]",
                "self.cross_attention(memory, x, x, memory_mask)[0]",
            ),
        ),
        "decoder-layer-masks-swapped": (
            ("self.self_attention(x, x, x, self_mask)", "self.self_attention(x, x, x, memory_mask)"),
            (
                "self.cross_attention(x, memory, memory, memory_mask)",
                "self.cross_attention(x, memory, memory, self_mask)",
            ),
        ),
        "transformer-projection-not-shared": (
            ("            self.output_projection.weight = self.tgt_embedding.embedding.weight\n", ""),
        ),
        "transformer-target-mask-forgotten": (("memory, tgt_mask, src_mask)\n", "memory, None, src_mask)\n"),),
    },
    "phase4_transformer/composed_functions": {
        "encoder-does-not-chain": (
            (
                "reduce(lambda y, layer: layer(y, mask), self.layers, x)",
                "reduce(lambda y, layer: layer(x, mask), self.layers, x)",
            ),
        ),
        "decoder-memory-mask-forgotten": (("layer(y, memory, self_mask, memory_mask)", "layer(y, memory, self_mask)"),),
        "decoder-layer-memory-never-read": (
            (
                "partial(attend, self.cross_attention, memory, memory_mask)",
                "partial(attend, self.cross_attention, None, memory_mask)",
            ),
        ),
        "decoder-layer-cross-attention-to-itself": (
            (
                "partial(attend, self.cross_attention, memory, memory_mask)",
                "partial(attend, self.cross_attention, None, self_mask)",
            ),
        ),
        "transformer-xavier-everywhere": (
            (
                '            if "embedding" in name:\n'
                "                nn.init.normal_(parameter, std=d_model**-0.5)\n"
                "            elif",
                "            if",
            ),
        ),
        "transformer-embeddings-of-deviation-1": (("std=d_model**-0.5", "std=1.0"),),
    },
    "phase5_mechanics/cross_entropy_without_smoothing": {
        "batch-count-without-eos": (("int(lengths.sum()) + len(pairs)", "int(lengths.sum())"),),
        "smoothing-ignored": (("(1 - self.smoothing) * sharp + self.smoothing * uniform", "sharp"),),
        "smoothing-exchanged": (
            (
                "(1 - self.smoothing) * sharp + self.smoothing * uniform",
                "self.smoothing * sharp + (1 - self.smoothing) * uniform",
            ),
        ),
        "loss-is-a-sum": (("return total / torch.maximum(count, torch.ones_like(count))", "return total"),),
        "noam-one-step-ahead": (
            (
                "np.minimum(step**-0.5, step * warmup_steps**-1.5)",
                "np.minimum((step + 1)**-0.5, (step + 1) * warmup_steps**-1.5)",
            ),
        ),
        "scheduler-first-group-only": (("self.optimizer.param_groups:", "self.optimizer.param_groups[:1]:"),),
        "look-ahead-hides-the-position-itself": (("torch.ge(query, key)", "torch.gt(query, key)"),),
    },
    "phase5_mechanics/loops": {
        "decoder-mask-pads-queries-only": (
            ("& padding_mask(row[None], pad_id)[0]", "& padding_mask(row[None], pad_id)[0].transpose(-2, -1)"),
        ),
        "batch-decoder-reads-the-answer": (
            ("        tgt_in[row, 0] = bos_id\n", "        tgt_in[row, len(target)] = eos_id\n"),
            ("tgt_in[row, position + 1] = token", "tgt_in[row, position] = token"),
        ),
        "scheduler-first-rate-at-the-first-step": (
            (
                "        self.numbers = [1, d_model, warmup_steps, factor]\n        self._set()\n",
                "        self.numbers = [0, d_model, warmup_steps, factor]\n"
                '        self.last_lr = optimizer.param_groups[0]["lr"]\n',
            ),
        ),
        "decoder-mask-form=keys,and,tril(0),float32,b1ll": (
            ("return torch.stack(rows)", "return torch.stack(rows).float()"),
        ),
        "look-ahead-form=tril(0),float32,11ll": (
            (
                "mask = torch.zeros((1, 1, length, length), dtype=torch.bool, device=device)",
                "mask = torch.zeros((1, 1, length, length), device=device)",
            ),
        ),
        "padding-mask-form=real,uint8,b11l": (
            ("    return mask\n\n\ndef look_ahead_mask", "    return mask.to(torch.uint8)\n\n\ndef look_ahead_mask"),
        ),
        "noam-step-refused-with-runtime-error": (
            ('raise ValueError("steps begin at 1")', 'raise RuntimeError("steps begin at 1")'),
        ),
        "scheduler-attribute-hides-the-method": (
            (
                "        self.numbers = [1, d_model, warmup_steps, factor]\n",
                "        self.numbers = [1, d_model, warmup_steps, factor]\n        self.step = 1\n",
            ),
        ),
        "look-ahead-is-transposed": (("mask[:, :, query, : query + 1]", "mask[:, :, : query + 1, query]"),),
        "decoder-mask-joined-by-or": (("[0] & padding_mask", "[0] | padding_mask"),),
        "batch-source-without-eos": (
            ("        src[row, len(source)] = eos_id\n", ""),
            ("src_length = 1 + max", "src_length = max"),
        ),
        "batch-eos-in-the-decoder-input": (
            (
                "        tgt_out[row, len(target)] = eos_id\n",
                "        tgt_out[row, len(target)] = eos_id\n        tgt_in[row, len(target) + 1] = eos_id\n",
            ),
            (
                "tgt_in = torch.full((batch, tgt_length), pad_id)",
                "tgt_in = torch.full((batch, tgt_length + 1), pad_id)",
            ),
        ),
        "noam-max-for-min": (("min(falling, rising)", "max(falling, rising)"),),
        "scheduler-ignores-the-factor": (
            ("noam_learning_rate(*self.numbers)", "noam_learning_rate(*self.numbers[:3])"),
        ),
    },
    "phase6_training/gathers_and_loops": {
        "step-takes-a-limit-of-0-for-none": (("    if max_norm is None:\n", "    if not max_norm:\n"),),
        "train-forgets-max-norm": (("            max_norm=max_norm,\n        )", "        )"),),
        "train-moves-the-schedule-twice": (
            (
                "        losses.append(loss)\n",
                "        if scheduler is not None:\n            scheduler.step()\n        losses.append(loss)\n",
            ),
        ),
        "beam-penalty-is-a-power-of-the-length": (("length_penalty(len(row), alpha)", "len(row) ** alpha"),),
        "step-clips-without-being-asked": (
            (
                "    if max_norm is None:\n"
                "        pass\n"
                "    else:\n"
                "        nn.utils.clip_grad_norm_(model.parameters(), float(max_norm))",
                "    nn.utils.clip_grad_norm_(model.parameters(), 1.0 if max_norm is None else max_norm)",
            ),
        ),
        "step-keeps-old-gradients": (("    optimizer.zero_grad()\n", ""),),
        "greedy-without-look-ahead": (("decoder_mask(tgt, pad_id)", "None"),),
        "greedy-keeps-bos": (("return tgt[:, 1:].contiguous()", "return tgt"),),
        "evaluation-accuracy-over-padding": (
            (
                "                    if answer != batch.pad_id:\n"
                "                        tokens += 1\n"
                "                        right += token == answer",
                "                    places += 1\n"
                "                    right += token == answer\n"
                "                    tokens += answer != batch.pad_id",
            ),
            ("total = right = tokens = 0", "total = right = tokens = places = 0"),
            ("float(right / tokens)", "float(right / places)"),
        ),
        "beam-length-counts-bos": (("length_penalty(len(row), alpha)", "length_penalty(len(row) + 1, alpha)"),),
        "beam-without-look-ahead": (("look_ahead_mask(tgt.size(1), src.device)", "None"),),
        "train-counts-from-0": (("count(1), []", "count(0), []"),),
        "penalty-alpha-above-the-line-only": (("6.0**alpha", "6.0"),),
    },
    "phase6_training/tensor_beams": {
        "step-moves-the-schedule-first": (
            ("    if scheduler:\n        scheduler.step()\n", ""),
            ("    optimizer.step()\n", "    if scheduler:\n        scheduler.step()\n    optimizer.step()\n"),
        ),
        "beam-drops-the-unended": (
            (
                "        ended.append((live, totals))\n    finally",
                "        if not any(len(rows) for rows, _ in ended):\n"
                "            ended.append((live, totals))\n"
                "    finally",
            ),
        ),
        "beam-worst-first": (("key=lambda answer: -answer.score", "key=lambda answer: answer.score"),),
        "beam-keeps-and-counts-bos": (("tokens = row[1:].tolist()", "tokens = row.tolist()"),),
        "beam-keeps-bos": (
            ("tokens = row[1:].tolist()", "tokens = row.tolist()"),
            ("length_penalty(len(tokens), alpha)", "length_penalty(len(tokens) - 1, alpha)"),
        ),
        "beam-max-len-counts-bos": (("live.size(1) <= max_len", "live.size(1) < max_len"),),
    },
}

TOGETHER = {
    "phase2_attention/einsum_throughout": {
        "heads-without-mask + heads-assertion-for-value-error": (
            ("scaled_dot_product_attention(q, k, v, mask)", "scaled_dot_product_attention(q, k, v)"),
            (
                "        if d_model % num_heads:\n"
                '            raise ValueError(f"{d_model} features cannot be cut into {num_heads} heads")\n',
                "        assert d_model % num_heads == 0\n",
            ),
        ),
        "attention-not-scaled + mask-infinite-gives-nan": (
            (" * query.shape[-1] ** -0.5", ""),
            ("torch.finfo(scores.dtype).min", "-torch.inf"),
            (
                "    if mask is not None:\n        weights = torch.einsum(",
                "    if False:\n        weights = torch.einsum(",
            ),
        ),
    },
    "phase3_layers/functional_calls": {
        "layer-norm-unbiased-variance + layer-norm-eps-outside-the-root": (
            ("correction=0", "correction=1"),
            ("torch.rsqrt(variance + self.eps)", "(variance.sqrt() + self.eps).reciprocal()"),
        ),
    },
    "phase5_mechanics/loops": {
        "smoothing-over-the-other-tokens + loss-nan-without-real-tokens": (
            (
                "                total = total + (1 - self.smoothing) * (log_total - scores[y])\n"
                "                total = total + self.smoothing * (log_total - scores.mean())\n",
                "                off = self.smoothing / (len(scores) - 1)\n"
                "                total = total + (1 - self.smoothing - off) * (log_total - scores[y])\n"
                "                total = total + off * (log_total - scores).sum()\n",
            ),
            ("return total / max(count, 1)", "return total / torch.tensor(float(count))"),
        ),
        "loss-is-a-kl-divergence-without-the-padding-token": (
            (
                "                total = total + (1 - self.smoothing) * (log_total - scores[y])\n"
                "                total = total + self.smoothing * (log_total - scores.mean())\n",
                "                true = torch.full_like(scores, self.smoothing / max(len(scores) - 2, 1))\n"
                "                true[y], true[self.pad_id] = 1 - self.smoothing, 0.0\n"
                "                total = total + nn.functional.kl_div(scores - log_total, true, reduction='sum')\n",
            ),
        ),
    },
    "phase6_training/gathers_and_loops": {
        "evaluation-mean-of-batches + evaluation-leaves-evaluation-mode": (
            (
                "total += loss_fn(logits, batch.tgt_out).item() * batch.num_tokens",
                "total += loss_fn(logits, batch.tgt_out).item()\n                read += 1",
            ),
            ("total = right = tokens = 0", "total = right = tokens = read = 0"),
            ("loss=float(total / tokens)", "loss=float(total / read)"),
            (
                "    finally:\n        model.train(mode=was_training)\n    if tokens == 0:\n",
                "    finally:\n        pass\n    if tokens == 0:\n",
            ),
        ),
    },
}
"""The same for mistakes that are made together; between their ids stands ``+``."""
