"""Mistakes in ``NoamScheduler`` (phase 5)."""

from __future__ import annotations

from . import Misconception

FIRST = "self._set_step(1)"
GROUPS = """
for group in self.optimizer.param_groups:
            group["lr"] = self.last_lr
"""

CATALOGUE = (
    Misconception(
        id="scheduler-sets-nothing-when-built",
        task="NoamScheduler",
        edits=(
            (
                FIRST,
                """
                self.step_num = 1
                self.last_lr = self.optimizer.param_groups[0]["lr"]
                """,
            ),
        ),
        en="Building the scheduler leaves the optimizer's rate as it was, so the first training step runs with "
        "whatever the optimizer was built with, often 1e-3 or even 1.0 where the warm-up begins at 1.7e-7. Set the "
        "rate of step 1 in `__init__`.",
        ja="作っただけではオプティマイザの学習率が変わらず、最初の学習ステップは、オプティマイザを作ったときの値で"
        "行われます。ウォームアップが 1.7e-7 から始まるところで、1e-3、ときには 1.0 です。`__init__` でステップ 1 "
        "の学習率を設定してください。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-one-step-behind",
        task="NoamScheduler",
        edits=(
            (
                FIRST,
                """
                self._set_step(1)
                self.step_num = 0
                """,
            ),
        ),
        en="The first call of `step()` sets the rate of step 1 again, because the count begins at 0: every later "
        "step is one behind. Building already stands at step 1, so the first `step()` moves on to 2.",
        ja="カウントが 0 から始まるため、最初の `step()` が再びステップ 1 の学習率を設定し、以後ずっと 1 ステップ遅"
        "れます。作った時点ですでにステップ 1 なので、最初の `step()` で 2 に進みます。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-first-group-only",
        task="NoamScheduler",
        edits=((GROUPS, 'self.optimizer.param_groups[0]["lr"] = self.last_lr'),),
        en="Only the first parameter group gets the rate. An optimizer may have several, for instance one without "
        "weight decay for biases and norms; the others keep the rate they were built with. Loop over "
        "`optimizer.param_groups`.",
        ja="最初のパラメータグループにしか学習率を設定していません。オプティマイザは複数のグループを持つことがあり "
        "(たとえばバイアスと正規化だけ重み減衰なし)、残りは作ったときの学習率のままになります。"
        "`optimizer.param_groups` をループしてください。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-scales-the-optimizers-rate",
        task="NoamScheduler",
        edits=(
            (
                FIRST,
                """
                self.base = [group["lr"] for group in optimizer.param_groups]
                self._set_step(1)
                """,
            ),
            (
                GROUPS,
                """
                for base, group in zip(self.base, self.optimizer.param_groups):
                            group["lr"] = base * self.last_lr
                """,
            ),
        ),
        en="The rate of equation 3 is multiplied by the rate that the optimizer was built with, as torch's "
        "`LambdaLR` does. It comes out right only for an optimizer built with `lr=1.0`; with Adam's default of 1e-3 "
        "the model learns a thousand times too slowly. Equation 3 is the rate itself.",
        ja="式 3 の値に、オプティマイザを作ったときの学習率を掛けています (torch の `LambdaLR` の動作です)。正しく"
        "なるのは `lr=1.0` で作ったときだけで、Adam の既定値 1e-3 では千分の 1 の学習率になります。式 3 の値がその"
        "まま学習率です。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-steps-the-optimizer",
        task="NoamScheduler",
        edits=(
            (
                "self._set_step(self.step_num + 1)",
                """
                self.optimizer.step()
                self._set_step(self.step_num + 1)
                """,
            ),
        ),
        en="`step()` also calls `optimizer.step()`, as some wrappers around an optimizer do. Here the training loop "
        "does that itself, so every gradient is applied twice. The scheduler sets rates and touches nothing else.",
        ja="`step()` の中で `optimizer.step()` も呼んでいます (オプティマイザを包む実装にはそういうものもあります)。"
        "この教材では学習ループ自身が呼ぶので、同じ勾配で 2 回更新することになります。スケジューラは学習率を設定す"
        "るだけです。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-ignores-the-factor",
        task="NoamScheduler",
        edits=(("self.factor = factor", "self.factor = 1.0"),),
        en="`factor` is taken and forgotten: the scheduler always uses 1. Small models need it (factor 1 with a "
        "width of 64 peaks at a rate at which they diverge), and turning it changes nothing.",
        ja="`factor` を受け取っていながら使わず、常に 1 になっています。小さなモデルでは必要な設定で (幅 64 で "
        "factor 1 だと発散するほど大きな学習率になります)、値を変えても何も起こりません。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-last-lr-stays",
        task="NoamScheduler",
        edits=(
            (
                FIRST,
                """
                self._set_step(1)
                self.last_lr = noam_learning_rate(1, d_model, warmup_steps, factor)
                """,
            ),
            (
                "self.last_lr = noam_learning_rate(step_num, self.d_model, self.warmup_steps, self.factor)",
                "rate = noam_learning_rate(step_num, self.d_model, self.warmup_steps, self.factor)",
            ),
            (
                GROUPS,
                """
                for group in self.optimizer.param_groups:
                            group["lr"] = rate
                """,
            ),
        ),
        en="`last_lr` is written once, when the scheduler is built, and never again, though the optimizer's rate "
        "moves on. Whoever plots it sees a flat line and looks for the mistake in the schedule. Set it together with "
        "the rate.",
        ja="`last_lr` を作ったときに一度書くだけで、オプティマイザの学習率が進んでも更新していません。これをグラフに"
        "すると水平な線になり、スケジュールの間違いに見えます。学習率と一緒に更新してください。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-count-shared-by-all",
        task="NoamScheduler",
        edits=(
            ("self._set_step(self.step_num + 1)", "self._set_step(NoamScheduler.step_num + 1)"),
            ("self.step_num = step_num", "NoamScheduler.step_num = step_num"),
        ),
        en="The step is kept on the class, so all schedulers share one count: building a second one sends the first "
        "back to step 1, and two of them count twice as fast. State of one object belongs on `self`.",
        ja="ステップ数をクラスに置いているので、すべてのスケジューラが同じカウントを共有します。二つ目を作ると一つ"
        "目がステップ 1 に戻り、二つ使えば倍の速さで進みます。一つのオブジェクトの状態は `self` に置いてください。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-keeps-the-groups-it-was-built-with",
        task="NoamScheduler",
        edits=(
            (
                FIRST,
                """
                self.groups = list(optimizer.param_groups)
                self._set_step(1)
                """,
            ),
            (
                GROUPS,
                """
                for group in self.groups:
                            group["lr"] = self.last_lr
                """,
            ),
        ),
        en="The parameter groups are remembered when the scheduler is built. `optimizer.load_state_dict` replaces "
        "them by new ones, so after a run is resumed the scheduler writes into groups that nobody uses any more, and "
        "the rate stands still. Read `optimizer.param_groups` at every step.",
        ja="パラメータグループを作ったときに覚えておき、使い続けています。`optimizer.load_state_dict` は新しいグルー"
        "プに置き換えるので、学習を再開した後は、もう使われないグループに書き込むことになり、学習率が動きません。毎回"
        " `optimizer.param_groups` を読んでください。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-resume-starts-over",
        task="NoamScheduler",
        edits=(('self._set_step(state_dict["step_num"])', "self._set_step(1)"),),
        en="A resumed run begins the schedule again at step 1: the warm-up runs a second time on a model that is "
        "trained already, which shows as a jump of the loss. The step count is part of the state, and "
        "`load_state_dict` goes on from it.",
        ja="再開した学習が、またステップ 1 からスケジュールを始めます。学習済みのモデルに 2 度目のウォームアップを"
        "行うことになり、再開のところで損失の曲線が乱れます。ステップ数も状態の一部なので、`load_state_dict` ではそ"
        "こから続けてください。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-resume-sets-no-rate",
        task="NoamScheduler",
        edits=(('self._set_step(state_dict["step_num"])', 'self.step_num = state_dict["step_num"]'),),
        en="`load_state_dict` remembers the step and leaves the optimizer's rate alone until the next `step()`. The "
        "first training step after resuming therefore runs with the rate of step 1. Set the rate, and `last_lr`, at "
        "once.",
        ja="`load_state_dict` がステップ数を覚えるだけで、次の `step()` までオプティマイザの学習率を変えません。そ"
        "のため、再開後の最初の学習ステップがステップ 1 の学習率で行われます。学習率と `last_lr` をすぐに設定してく"
        "ださい。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-settings-not-in-the-state",
        task="NoamScheduler",
        edits=(
            (
                """
                self.d_model = state_dict["d_model"]
                self.warmup_steps = state_dict["warmup_steps"]
                self.factor = state_dict["factor"]
                """,
                "",
            ),
        ),
        en="Only the step count is loaded; `d_model`, `warmup_steps` and `factor` stay those that the new scheduler "
        "was built with. If they differ, the resumed run follows another curve than the one that was stopped, "
        "without a warning.",
        ja="読み込むのがステップ数だけで、`d_model`・`warmup_steps`・`factor` は新しいスケジューラを作ったときの値の"
        "ままです。値が違っていると、再開した学習は、止めた学習とは別の曲線を警告もなくたどります。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-state-is-its-own-dict",
        task="NoamScheduler",
        edits=(
            (
                """
                return {
                            "step_num": self.step_num,
                            "d_model": self.d_model,
                            "warmup_steps": self.warmup_steps,
                            "factor": self.factor,
                        }
                """,
                "return self.__dict__",
            ),
        ),
        en="`state_dict()` returns `self.__dict__` itself. It contains the optimizer with all its parameters, which "
        "does not belong in the file, and it is no copy: a state taken at step 100 goes on counting with the "
        "scheduler. Return a new dict of plain numbers.",
        ja="`state_dict()` が `self.__dict__` をそのまま返しています。これには、保存すべきでないオプティマイザが全"
        "パラメータごと含まれます。しかもコピーではないので、ステップ 100 で取った状態がその後もスケジューラと一緒"
        "に進みます。普通の数だけの新しい辞書を返してください。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-attribute-hides-the-method",
        task="NoamScheduler",
        edits=((FIRST, "self._set_step(1)\nself.step = 1"),),
        en="An attribute `self.step` is set, which hides the method of the same name: `scheduler.step()` then calls a "
        "number. Give the count another name, such as `self.step_num`.",
        ja="属性 `self.step` に値を入れたので、同じ名前のメソッドが隠れ、`scheduler.step()` は数を呼び出すことになりま"
        "す。数には `self.step_num` のような別の名前を付けてください。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-first-rate-at-the-first-step",
        task="NoamScheduler",
        edits=((FIRST, 'self.step_num = 0\nself.last_lr = optimizer.param_groups[0]["lr"]'),),
        en="The rate of step 1 is set by the first call of `step()`, which comes after the first update. That update "
        "then runs with the rate the optimizer was built with, and everything after it one step late. Building the "
        "scheduler sets the rate of step 1, the first `step()` that of step 2.",
        ja="ステップ 1 の学習率を、最初の更新の後に呼ばれる `step()` で設定しています。最初の更新はオプティマイザを作"
        "ったときの学習率で行われ、その後もずっと 1 ステップ遅れます。スケジューラを作るときにステップ 1 の、最初の"
        " `step()` でステップ 2 の学習率を設定してください。",
        lesson="noam",
        met=("https://github.com/NVIDIA-NeMo/Megatron-Bridge/issues/5399",),
    ),
    Misconception(
        id="scheduler-last-lr-is-a-list",
        task="NoamScheduler",
        edits=(
            (
                GROUPS,
                """
                for group in self.optimizer.param_groups:
                    group["lr"] = self.last_lr
                self.last_lr = [self.last_lr]
                """,
            ),
        ),
        en="`last_lr` is a list, one rate for each parameter group, as torch's `get_last_lr()` gives it. Here it is "
        "one number, a `float`: all groups have the same rate.",
        ja="`last_lr` が、torch の `get_last_lr()` のような、パラメータグループごとのリストになっています。ここでは一"
        "つの数 (`float`) です。どのグループの学習率も同じです。",
        lesson="noam",
    ),
    Misconception(
        id="scheduler-begins-with-rate-0",
        task="NoamScheduler",
        edits=(
            (
                FIRST,
                """
                self.step_num = 0
                self.last_lr = 0.0
                for group in self.optimizer.param_groups:
                    group["lr"] = 0.0
                """,
            ),
        ),
        en="Building the scheduler sets the rate 0, that of step 0: the first update changes nothing, and every "
        "later one is one step behind. Steps count from 1, and the first training step already has the rate of step "
        "1.",
        ja="スケジューラを作ったときの学習率が 0 (ステップ 0 の値) です。最初の更新では何も変わらず、その後もずっと "
        "1 ステップ遅れます。ステップは 1 から数え、最初の学習ステップの学習率がステップ 1 のものです。",
        lesson="noam",
    ),
)
