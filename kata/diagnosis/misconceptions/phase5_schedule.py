"""Phase 5: mistakes in the learning rate of equation 3 and in the scheduler that sets it."""

from __future__ import annotations

from . import Misconception

_RATE = "return factor * d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)"
_FIRST = "self._set_step(1)"
_GROUPS = 'for group in self.optimizer.param_groups:\n            group["lr"] = self.last_lr'
_SETTINGS = """        self.d_model = state_dict["d_model"]
        self.warmup_steps = state_dict["warmup_steps"]
        self.factor = state_dict["factor"]
"""
_BOTH = ("NoamScheduler",)

CATALOGUE = (
    # -- noam_learning_rate --
    Misconception(
        id="noam-max-for-min",
        task="noam_learning_rate",
        edits=((_RATE, _RATE.replace("min(", "max(")),),
        also=_BOTH,
        lesson="noam",
        en="The larger of the two branches is taken instead of the smaller. The rate then starts at its highest, "
        "falls until the end of the warm-up, and rises for ever after it: the mirror image of equation 3. With "
        "`min`, the straight line holds first and the falling root later.",
        ja="二つの枝の小さい方ではなく、大きい方を取っています。学習率は最大から始まり、ウォームアップの終わりまで"
        "下がり、その後は上がり続けます。式 3 とは逆の形です。`min` なら、最初は直線、その後は下がる平方根の枝にな"
        "ります。",
    ),
    Misconception(
        id="noam-warmup-exponent",
        task="noam_learning_rate",
        edits=((_RATE, _RATE.replace("warmup_steps**-1.5", "warmup_steps**-0.5")),),
        also=_BOTH,
        lesson="noam",
        en="The exponent of `warmup_steps` is -0.5 instead of -1.5, which makes the rise `warmup_steps` times too "
        "steep. The two branches cross at the cube root of `warmup_steps` instead of at `warmup_steps`: with 4000 the "
        "peak comes at step 16 and is `0.25 * d_model^-0.5`, almost 16 times too high.",
        ja="`warmup_steps` の指数が -1.5 ではなく -0.5 なので、立ち上がりが `warmup_steps` 倍も急です。二つの枝は "
        "`warmup_steps` ではなくその立方根のところで交わります。4000 なら頂点は早くもステップ 16 に来て、高さは "
        "`0.25 * d_model^-0.5`、本来の 16 倍近くになります。",
    ),
    Misconception(
        id="noam-without-d-model",
        task="noam_learning_rate",
        edits=((_RATE, _RATE.replace(" * d_model**-0.5", "")),),
        also=_BOTH,
        lesson="noam",
        en="`d_model^-0.5` is missing. The paper lets wider models learn more slowly; at `d_model = 512` this rate "
        "is 22.6 times too high, and training diverges or stays on a plateau right after the warm-up.",
        ja="`d_model^-0.5` がありません。論文では、幅の広いモデルほど学習率を小さくします。`d_model = 512` なら "
        "22.6 倍も大きすぎる学習率になり、ウォームアップの直後に発散するか、損失が下がらなくなります。",
    ),
    Misconception(
        id="noam-grows-with-d-model",
        task="noam_learning_rate",
        edits=((_RATE, _RATE.replace("d_model**-0.5", "d_model**0.5")),),
        also=_BOTH,
        lesson="noam",
        en="The rate is multiplied by the root of `d_model` instead of divided by it (equation 3 has "
        "`d_model^-0.5`). Wider models need smaller steps; here they get larger ones, 512 times too large at the "
        "paper's width.",
        ja="`d_model` の平方根で割らずに、掛けています (式 3 では `d_model^-0.5`)。幅の広いモデルには小さな学習率が"
        "必要なのに、逆に大きくなり、論文の幅では 512 倍になります。",
    ),
    Misconception(
        id="noam-factor-on-one-branch",
        task="noam_learning_rate",
        edits=((_RATE, "return d_model**-0.5 * min(factor * step**-0.5, step * warmup_steps**-1.5)"),),
        also=_BOTH,
        lesson="noam",
        en="`factor` multiplies one of the two branches only. The branches then cross at another step than "
        "`warmup_steps`, and the factor shifts the peak instead of scaling the whole curve. It belongs outside the "
        "minimum.",
        ja="`factor` が二つの枝の一方だけに掛かっています。枝の交わる点が `warmup_steps` からずれ、曲線全体を拡大・"
        "縮小する代わりに頂点の位置を動かしてしまいます。最小値の外側に掛けてください。",
    ),
    Misconception(
        id="noam-constant-after-warmup",
        task="noam_learning_rate",
        edits=((_RATE, _RATE.replace("min(step**-0.5", "min(warmup_steps**-0.5")),),
        also=_BOTH,
        lesson="noam",
        en="After the warm-up the rate stays at its peak. Equation 3 lets it fall with the root of the step, "
        "`step^-0.5`; a rate that never falls keeps the model jumping around its goal, and the loss does not settle.",
        ja="ウォームアップの後、学習率が最大値のまま変わりません。式 3 では `step^-0.5` に従って下がります。下がら"
        "ない学習率では、モデルが目標の周りで跳ね続け、損失が落ち着きません。",
    ),
    Misconception(
        id="noam-falls-with-the-step",
        task="noam_learning_rate",
        edits=((_RATE, "return factor * d_model**-0.5 * min(warmup_steps**0.5 / step, step * warmup_steps**-1.5)"),),
        also=_BOTH,
        lesson="noam",
        en="After the warm-up the rate falls with the step itself, `1 / step`, instead of with its root. Peak and "
        "rise are right, but at 16 times the warm-up the rate is a sixteenth of the peak and not a quarter: learning "
        "comes to a stop too early.",
        ja="ウォームアップの後、学習率がステップ数の平方根ではなく、ステップ数そのもの (`1 / step`) に従って下がっ"
        "ています。立ち上がりと頂点は正しくても、ウォームアップの 16 倍のステップで、頂点の 4 分の 1 ではなく 16 分"
        "の 1 になり、学習が早く止まってしまいます。",
    ),
    Misconception(
        id="noam-one-step-ahead",
        task="noam_learning_rate",
        edits=((_RATE, "step += 1\n    " + _RATE),),
        also=_BOTH,
        lesson="noam",
        en="The rate is that of the next step: 1 is added, as if steps were counted from 0. Here they count from 1, "
        "as in the paper, so that `step^-0.5` always exists; the first rate would be twice what it should be, and "
        "the peak comes one step early.",
        ja="ステップを 0 から数えるかのように 1 を足しているので、一つ先の学習率になっています。この教材では論文と"
        "同じく 1 から数えるので、`step^-0.5` は常に計算できます。このままでは最初の学習率が 2 倍になり、頂点が 1 "
        "ステップ早く来ます。",
    ),
    Misconception(
        id="noam-accepts-step-0",
        task="noam_learning_rate",
        edits=(
            (
                'if step < 1:\n        raise ValueError(f"steps are counted from 1, not from {step}")',
                "step = max(step, 1)",
            ),
        ),
        lesson="noam",
        en="Step 0 and negative steps silently get the rate of step 1. The contract is a `ValueError`: whoever "
        "counts from 0 is one step off all the time, and should hear of it at once instead of training with the "
        "wrong schedule.",
        ja="ステップ 0 や負のステップに、黙ってステップ 1 の学習率を返しています。ここでは `ValueError` を出すのが"
        "約束です。0 から数えている人はずっと 1 ステップずれているので、間違ったスケジュールで学習を続ける前に、す"
        "ぐ知らせるべきです。",
    ),
    # -- NoamScheduler --
    Misconception(
        id="scheduler-sets-nothing-when-built",
        task="NoamScheduler",
        edits=((_FIRST, 'self.step_num = 1\n        self.last_lr = self.optimizer.param_groups[0]["lr"]'),),
        lesson="noam",
        en="Building the scheduler leaves the optimizer's rate as it was, so the first training step runs with "
        "whatever the optimizer was built with, often 1e-3 or even 1.0 where the warm-up begins at 1.7e-7. Set the "
        "rate of step 1 in `__init__`.",
        ja="作っただけではオプティマイザの学習率が変わらず、最初の学習ステップは、オプティマイザを作ったときの値で"
        "行われます。ウォームアップが 1.7e-7 から始まるところで、1e-3、ときには 1.0 です。`__init__` でステップ 1 "
        "の学習率を設定してください。",
    ),
    Misconception(
        id="scheduler-one-step-behind",
        task="NoamScheduler",
        edits=((_FIRST, _FIRST + "\n        self.step_num = 0"),),
        lesson="noam",
        en="The first call of `step()` sets the rate of step 1 again, because the count begins at 0: every later "
        "step is one behind. Building already stands at step 1, so the first `step()` moves on to 2.",
        ja="カウントが 0 から始まるため、最初の `step()` が再びステップ 1 の学習率を設定し、以後ずっと 1 ステップ遅"
        "れます。作った時点ですでにステップ 1 なので、最初の `step()` で 2 に進みます。",
    ),
    Misconception(
        id="scheduler-first-group-only",
        task="NoamScheduler",
        edits=((_GROUPS, 'self.optimizer.param_groups[0]["lr"] = self.last_lr'),),
        lesson="noam",
        en="Only the first parameter group gets the rate. An optimizer may have several, for instance one without "
        "weight decay for biases and norms; the others keep the rate they were built with. Loop over "
        "`optimizer.param_groups`.",
        ja="最初のパラメータグループにしか学習率を設定していません。オプティマイザは複数のグループを持つことがあり "
        "(たとえばバイアスと正規化だけ重み減衰なし)、残りは作ったときの学習率のままになります。"
        "`optimizer.param_groups` をループしてください。",
    ),
    Misconception(
        id="scheduler-scales-the-optimizers-rate",
        task="NoamScheduler",
        edits=(
            (_FIRST, 'self.base = [group["lr"] for group in optimizer.param_groups]\n        ' + _FIRST),
            (
                _GROUPS,
                "for base, group in zip(self.base, self.optimizer.param_groups):\n"
                '            group["lr"] = base * self.last_lr',
            ),
        ),
        lesson="noam",
        en="The rate of equation 3 is multiplied by the rate that the optimizer was built with, as torch's "
        "`LambdaLR` does. It comes out right only for an optimizer built with `lr=1.0`; with Adam's default of 1e-3 "
        "the model learns a thousand times too slowly. Equation 3 is the rate itself.",
        ja="式 3 の値に、オプティマイザを作ったときの学習率を掛けています (torch の `LambdaLR` の動作です)。正しく"
        "なるのは `lr=1.0` で作ったときだけで、Adam の既定値 1e-3 では千分の 1 の学習率になります。式 3 の値がその"
        "まま学習率です。",
    ),
    Misconception(
        id="scheduler-steps-the-optimizer",
        task="NoamScheduler",
        edits=(
            ("self._set_step(self.step_num + 1)", "self.optimizer.step()\n        self._set_step(self.step_num + 1)"),
        ),
        lesson="noam",
        en="`step()` also calls `optimizer.step()`, as some wrappers around an optimizer do. Here the training loop "
        "does that itself, so every gradient is applied twice. The scheduler sets rates and touches nothing else.",
        ja="`step()` の中で `optimizer.step()` も呼んでいます (オプティマイザを包む実装にはそういうものもあります)。"
        "この教材では学習ループ自身が呼ぶので、同じ勾配で 2 回更新することになります。スケジューラは学習率を設定す"
        "るだけです。",
    ),
    Misconception(
        id="scheduler-ignores-the-factor",
        task="NoamScheduler",
        edits=(("self.factor = factor", "self.factor = 1.0"),),
        lesson="noam",
        en="`factor` is taken and forgotten: the scheduler always uses 1. Small models need it (factor 1 with a "
        "width of 64 peaks at a rate at which they diverge), and turning it changes nothing.",
        ja="`factor` を受け取っていながら使わず、常に 1 になっています。小さなモデルでは必要な設定で (幅 64 で "
        "factor 1 だと発散するほど大きな学習率になります)、値を変えても何も起こりません。",
    ),
    Misconception(
        id="scheduler-last-lr-stays",
        task="NoamScheduler",
        edits=(
            (_FIRST, _FIRST + "\n        self.last_lr = noam_learning_rate(1, d_model, warmup_steps, factor)"),
            (
                "        self.last_lr = noam_learning_rate(step_num, self.d_model, self.warmup_steps, self.factor)",
                "        rate = noam_learning_rate(step_num, self.d_model, self.warmup_steps, self.factor)",
            ),
            (_GROUPS, _GROUPS.replace("self.last_lr", "rate")),
        ),
        lesson="noam",
        en="`last_lr` is written once, when the scheduler is built, and never again, though the optimizer's rate "
        "moves on. Whoever plots it sees a flat line and looks for the mistake in the schedule. Set it together with "
        "the rate.",
        ja="`last_lr` を作ったときに一度書くだけで、オプティマイザの学習率が進んでも更新していません。これをグラフに"
        "すると水平な線になり、スケジュールの間違いに見えます。学習率と一緒に更新してください。",
    ),
    Misconception(
        id="scheduler-count-shared-by-all",
        task="NoamScheduler",
        edits=(
            ("self._set_step(self.step_num + 1)", "self._set_step(NoamScheduler.step_num + 1)"),
            ("self.step_num = step_num\n", "NoamScheduler.step_num = step_num\n"),
        ),
        lesson="noam",
        en="The step is kept on the class, so all schedulers share one count: building a second one sends the first "
        "back to step 1, and two of them count twice as fast. State of one object belongs on `self`.",
        ja="ステップ数をクラスに置いているので、すべてのスケジューラが同じカウントを共有します。二つ目を作ると一つ"
        "目がステップ 1 に戻り、二つ使えば倍の速さで進みます。一つのオブジェクトの状態は `self` に置いてください。",
    ),
    Misconception(
        id="scheduler-keeps-the-groups-it-was-built-with",
        task="NoamScheduler",
        edits=(
            (_FIRST, "self.groups = list(optimizer.param_groups)\n        " + _FIRST),
            (_GROUPS, _GROUPS.replace("self.optimizer.param_groups", "self.groups")),
        ),
        lesson="noam",
        en="The parameter groups are remembered when the scheduler is built. `optimizer.load_state_dict` replaces "
        "them by new ones, so after a run is resumed the scheduler writes into groups that nobody uses any more, and "
        "the rate stands still. Read `optimizer.param_groups` at every step.",
        ja="パラメータグループを作ったときに覚えておき、使い続けています。`optimizer.load_state_dict` は新しいグルー"
        "プに置き換えるので、学習を再開した後は、もう使われないグループに書き込むことになり、学習率が動きません。毎回"
        " `optimizer.param_groups` を読んでください。",
    ),
    Misconception(
        id="scheduler-resume-starts-over",
        task="NoamScheduler",
        edits=(('self._set_step(state_dict["step_num"])', "self._set_step(1)"),),
        lesson="noam",
        en="A resumed run begins the schedule again at step 1: the warm-up runs a second time on a model that is "
        "trained already, which shows as a jump of the loss. The step count is part of the state, and "
        "`load_state_dict` goes on from it.",
        ja="再開した学習が、またステップ 1 からスケジュールを始めます。学習済みのモデルに 2 度目のウォームアップを"
        "行うことになり、再開のところで損失の曲線が乱れます。ステップ数も状態の一部なので、`load_state_dict` ではそ"
        "こから続けてください。",
    ),
    Misconception(
        id="scheduler-resume-sets-no-rate",
        task="NoamScheduler",
        edits=(('self._set_step(state_dict["step_num"])', 'self.step_num = state_dict["step_num"]'),),
        lesson="noam",
        en="`load_state_dict` remembers the step and leaves the optimizer's rate alone until the next `step()`. The "
        "first training step after resuming therefore runs with the rate of step 1. Set the rate, and `last_lr`, at "
        "once.",
        ja="`load_state_dict` がステップ数を覚えるだけで、次の `step()` までオプティマイザの学習率を変えません。そ"
        "のため、再開後の最初の学習ステップがステップ 1 の学習率で行われます。学習率と `last_lr` をすぐに設定してく"
        "ださい。",
    ),
    Misconception(
        id="scheduler-settings-not-in-the-state",
        task="NoamScheduler",
        edits=((_SETTINGS, ""),),
        lesson="noam",
        en="Only the step count is loaded; `d_model`, `warmup_steps` and `factor` stay those that the new scheduler "
        "was built with. If they differ, the resumed run follows another curve than the one that was stopped, "
        "without a warning.",
        ja="読み込むのがステップ数だけで、`d_model`・`warmup_steps`・`factor` は新しいスケジューラを作ったときの値の"
        "ままです。値が違っていると、再開した学習は、止めた学習とは別の曲線を警告もなくたどります。",
    ),
    Misconception(
        id="scheduler-state-is-its-own-dict",
        task="NoamScheduler",
        edits=(
            (
                "return {\n"
                '            "step_num": self.step_num,\n'
                '            "d_model": self.d_model,\n'
                '            "warmup_steps": self.warmup_steps,\n'
                '            "factor": self.factor,\n'
                "        }",
                "return self.__dict__",
            ),
        ),
        lesson="noam",
        en="`state_dict()` returns `self.__dict__` itself. It contains the optimizer with all its parameters, which "
        "does not belong in the file, and it is no copy: a state taken at step 100 goes on counting with the "
        "scheduler. Return a new dict of plain numbers.",
        ja="`state_dict()` が `self.__dict__` をそのまま返しています。これには、保存すべきでないオプティマイザが全"
        "パラメータごと含まれます。しかもコピーではないので、ステップ 100 で取った状態がその後もスケジューラと一緒"
        "に進みます。普通の数だけの新しい辞書を返してください。",
    ),
)
