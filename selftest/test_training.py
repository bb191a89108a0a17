"""``python grader.py train``: it learns, goes on exactly, stops cleanly, and says what is wrong.

The model and the corpus are tiny here, so that a training takes a second; what the toys reach in full is a proof.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import time
from dataclasses import replace

import pytest
import torch

from kata.commands import train as command
from kata.commands.training_report import TrainCommand
from kata.course.phases import REFERENCE
from kata.toys import devices
from kata.toys.learner import Learner, LearnerError
from kata.toys.registry import TOYS
from kata.toys.run_folder import NoCheckpoint, RunFolder
from kata.toys.scoring import bleu, exact_match
from kata.toys.training import DIVERGED, DONE, STOPPED, DoesNotFit, Training
from selftest.submissions import make_target, replaced, solution

ALL = (1, 2, 3, 4, 5, 6)
TINY = replace(
    TOYS["reverse"], d_model=16, num_heads=2, num_layers=1, d_ff=16, train_pairs=60, held_pairs=5, every=6, dropout=0.2
)


@pytest.fixture(autouse=True)
def one_thread():
    """As the command does; two threads on a busy machine are slow."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def learner():
    learner = Learner(REFERENCE)
    yield learner
    learner.close()


def new_training(learner, toy=TINY, seed=0):
    return Training(learner, toy, toy.corpus(seed), seed, "cpu")


def losses(training):
    return [entry["loss"] for entry in training.history["steps"]]


def run(training, steps, stop_after=None, on_validation=lambda entry: None):
    return training.run(steps, lambda: training.step == stop_after, lambda entry: None, on_validation)


def test_an_interrupted_and_resumed_training_equals_an_uninterrupted_one(learner, tmp_path):
    """Dropout draws from torch's random state, so that is resumed too."""
    whole = new_training(learner)
    assert run(whole, 15) == DONE
    folder = RunFolder(tmp_path, "reverse")
    first = new_training(learner)
    assert run(first, 15, stop_after=8) == STOPPED
    assert first.step == 8
    folder.write_json("history.json", first.history)
    folder.write_checkpoint(first.checkpoint())
    torch.manual_seed(99)
    second = new_training(learner)
    second.resume(folder.read_checkpoint(), folder.read_history())
    assert run(second, 15) == DONE
    assert losses(second) == losses(whole)
    assert [entry["lr"] for entry in second.history["steps"]] == [entry["lr"] for entry in whole.history["steps"]]
    assert [v["loss"] for v in second.history["validations"]] == [v["loss"] for v in whole.history["validations"]]
    assert [v["step"] for v in second.history["validations"]] == [6, 12, 15]
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, second.model.state_dict()[name]), name


def test_the_time_of_a_training_goes_on_when_it_is_resumed(learner):
    first = new_training(learner)
    began = time.perf_counter()
    run(first, 2)
    assert 0 < first.history["seconds"] <= time.perf_counter() - began
    for before, known in (({**first.history, "seconds": 1000.0}, True), ({"steps": []}, False)):
        second = new_training(learner)
        second.resume(first.checkpoint(), before)
        run(second, 3)
        assert (1000 < second.history["seconds"] < 1100) if known else second.history["seconds"] is None


def test_a_checkpoint_of_other_pairs_settings_or_parameters_is_refused(learner, tmp_path):
    training = new_training(learner)
    run(training, 1)
    folder = RunFolder(tmp_path, "reverse")
    folder.write_checkpoint(training.checkpoint())
    checkpoint = folder.read_checkpoint()
    with pytest.raises(DoesNotFit, match="pairs"):
        new_training(learner, seed=1).resume(checkpoint, {})
    with pytest.raises(DoesNotFit, match="settings"):
        new_training(learner, replace(TINY, d_ff=32)).resume(checkpoint, {})
    checkpoint["model"].popitem()
    with pytest.raises(DoesNotFit, match="model"):
        new_training(learner).resume(checkpoint, {})


@pytest.mark.parametrize("content", [None, b"", b"not a checkpoint"])
def test_a_missing_or_damaged_checkpoint_is_told(content, tmp_path):
    folder = RunFolder(tmp_path, "copy")
    if content is not None:
        folder.write_json("history.json", {"steps": 3})
        (folder.path / "checkpoint.pt").write_bytes(content)
        assert folder.read_history() == {}
    with pytest.raises(NoCheckpoint, match="checkpoint.pt"):
        folder.read_checkpoint()


def test_a_checkpoint_holds_no_code(tmp_path):
    folder = RunFolder(tmp_path, "copy")
    folder.write_checkpoint({"version": 1, "model": sys.exit})
    with pytest.raises(NoCheckpoint):
        folder.read_checkpoint()


def test_a_validation_is_right_and_changes_nothing_in_the_training(learner):
    training = new_training(learner)
    run(training, 2)
    before = torch.get_rng_state()
    entry = training.validate()
    assert torch.equal(torch.get_rng_state(), before)
    pairs = training.corpus.validation["unseen"]
    answers = training.translate(list(pairs))
    assert entry["exact"] == exact_match(answers, [target for _, target in pairs])
    assert entry["samples"] == [["".join(s), "".join(a), "".join(t)] for (s, t), a in zip(pairs[:3], answers)]
    assert math.isfinite(entry["loss"]) and entry["bleu"] is None


def test_answers_come_back_in_the_order_of_their_sources(learner):
    training = new_training(learner)
    run(training, 3)
    pairs = list(training.corpus.train[:20])
    assert training.translate(pairs) == [training.translate([pair])[0] for pair in pairs]


def test_the_attention_is_that_of_the_learners_last_decoder_layer(learner):
    training = new_training(learner, replace(TINY, num_layers=2))
    run(training, 1)
    attention = training.attention()
    weights = torch.tensor(attention["weights"])
    assert weights.shape == (2, len(attention["output"]), len(attention["source"]))
    assert torch.allclose(weights.sum(-1), torch.ones(weights.shape[:2]), atol=1e-5)
    assert attention["layer"] == 2
    assert attention["source"][-1] == attention["output"][-1] == "<eos>"
    with torch.no_grad():
        training.model.decoder.layers[-1].cross_attention.w_q.weight.mul_(30.0)
    assert training.attention()["weights"] != attention["weights"]


def test_a_loss_that_is_not_finite_ends_the_training_at_once(learner):
    training = new_training(learner)

    def spoil(entry):
        with torch.no_grad():
            training.model.output_projection.weight.fill_(math.nan)

    assert run(training, 20, on_validation=spoil) == DIVERGED
    assert training.step == 7
    assert math.isnan(losses(training)[-1])


def test_exact_match_and_bleu():
    references = [("a", "b"), ("c",), ("d", "e")]
    assert exact_match([("a", "b"), (), ("d", "f")], references) == pytest.approx(1 / 3)
    pytest.importorskip("sacrebleu")
    assert bleu([list("abcde")], [tuple("abcde")]) == pytest.approx(100.0)
    assert bleu([list("abcdx")], [tuple("abcde")]) < 90.0


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Run the command in this process with the tiny toy; gives (status, output)."""
    monkeypatch.setitem(TOYS, "reverse", replace(TINY, steps=8))
    monkeypatch.setattr(TrainCommand, "_draw", lambda self, attention: None)

    def call(capsys, *arguments, target="solutions"):
        given = ["reverse", "--target", str(target), "--runs", str(tmp_path / "runs"), *arguments]
        status = command.main([*given, "--device", "cpu"])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    call.folder = tmp_path / "runs" / "reverse"
    return call


def test_the_command_leaves_history_checkpoint_and_attention_and_keeps_the_last_run(tiny, capsys, tmp_path):
    status, out = tiny(capsys)
    assert status == 0, out
    assert "\x1b" not in out
    assert "step     6" in out and "greedy" in out and "beam" in out
    history = json.loads((tiny.folder / "history.json").read_text(encoding="utf-8"))
    assert (history["toy"], history["seed"], history["device"]) == ("reverse", 0, "cpu")
    assert [entry["step"] for entry in history["steps"]] == list(range(1, 9))
    assert all(entry["tokens_per_second"] > 0 and entry["lr"] > 0 for entry in history["steps"])
    assert [entry["step"] for entry in history["validations"]] == [6, 8]
    assert history["greedy"]["sentences"] == history["beam"]["sentences"] == 5
    checkpoint = torch.load(tiny.folder / "checkpoint.pt", weights_only=True)
    assert checkpoint["step"] == 8
    assert json.loads((tiny.folder / "attention.json").read_text(encoding="utf-8"))["layer"] == 1
    assert sorted(path.name for path in tiny.folder.iterdir()) == ["attention.json", "checkpoint.pt", "history.json"]
    status, out = tiny(capsys, "--steps", "2", "--seed", "5")
    assert status == 0
    [kept] = (tmp_path / "old-runs").iterdir()
    assert kept.name in out
    assert json.loads((kept / "history.json").read_text(encoding="utf-8")) == history


def test_ctrl_c_stops_after_the_step_and_resume_goes_on_exactly(tiny, capsys, monkeypatch):
    assert tiny(capsys)[0] == 0
    whole = json.loads((tiny.folder / "history.json").read_text(encoding="utf-8"))
    original, calls = Training._batch, []

    def press_at_fourth_step(self, pairs):
        calls.append(self.step)
        if self.step == 3 and calls.count(3) == 1:
            signal.raise_signal(signal.SIGINT)
        return original(self, pairs)

    monkeypatch.setattr(Training, "_batch", press_at_fourth_step)
    status, out = tiny(capsys)
    assert status == 130
    assert "--resume" in out and "after step 4" in out
    assert (tiny.folder / "attention.json").is_file()
    assert torch.load(tiny.folder / "checkpoint.pt", weights_only=True)["step"] == 4
    status, out = tiny(capsys, "--resume", "--seed", "1")
    assert status == 2 and "seed 0" in out
    status, out = tiny(capsys, "--resume", "--lang", "ja")
    assert status == 0 and "ステップ 4 の続き" in out
    resumed = json.loads((tiny.folder / "history.json").read_text(encoding="utf-8"))
    assert [entry["loss"] for entry in resumed["steps"]] == [entry["loss"] for entry in whole["steps"]]
    assert resumed["validations"] == whole["validations"]
    status, out = tiny(capsys, "--resume")
    assert status == 0 and "Step 8 is done already" in out


def test_a_diverging_loss_is_status_1_with_advice_and_the_last_checkpoint_stays(tiny, capsys, tmp_path):
    target = make_target(tmp_path / "target", ALL)
    worse = (
        "    train_step.calls = getattr(train_step, 'calls', 0) + 1\n"
        "    return loss.item() if train_step.calls < 9 else float('nan')\n"
    )
    source = replaced(solution(6), "    return loss.item()\n", worse)
    (target / "phase6_training.py").write_text(source, encoding="utf-8")
    status, out = tiny(capsys, "--steps", "20", target=target)
    assert status == 1, out
    assert "LayerNorm" in out and "Traceback" not in out
    assert torch.load(tiny.folder / "checkpoint.pt", weights_only=True)["step"] == 6
    assert "step 6" in out


BREAKAGES = [
    ("stubs", None, ["phase1_embedding.py", "sinusoidal_encoding", "grader.py 1"]),
    ("missing", None, ["phase3_layers.py is missing", "grader.py 3"]),
    ("syntax", None, ["phase2_attention.py:1", "grader.py 2"]),
    ("raises", ("w_q(query)", "w_q(querry)"), ["querry", "phase2_attention.py:", "grader.py 2"]),
    ("exits", None, ["SystemExit", "grader.py 6"]),
    (
        "lambda",
        ('"step_num": self', '"f": lambda: 0, "step_num": self'),
        ["NoamScheduler holds something", "phase5_mechanics.py"],
    ),
    (
        "optimizer",
        ('"step_num": self', '"o": self.optimizer, "step_num": self'),
        ["NoamScheduler holds something", "dicts alone"],
    ),
    ("silent", ("            on_step(step, loss)\n", "            pass\n"), ["on_step 0 times", "grader.py 6"]),
]


@pytest.mark.parametrize(("kind", "edit", "named"), BREAKAGES, ids=[kind for kind, *_ in BREAKAGES])
def test_code_that_is_not_ready_is_status_2_and_one_message_without_a_traceback(
    kind, edit, named, tiny, capsys, tmp_path
):
    target = make_target(tmp_path / "target", () if kind == "stubs" else ALL)
    if kind == "missing":
        (target / "phase3_layers.py").unlink()
    elif kind == "syntax":
        (target / "phase2_attention.py").write_text("def (:\n", encoding="utf-8")
    elif kind == "raises":
        (target / "phase2_attention.py").write_text(replaced(solution(2), *edit), encoding="utf-8")
    elif kind == "exits":
        source = replaced(solution(6), "    losses = []\n", "    raise SystemExit(3)\n    losses = []\n")
        (target / "phase6_training.py").write_text(source, encoding="utf-8")
    elif kind in ("lambda", "optimizer"):
        (target / "phase5_mechanics.py").write_text(replaced(solution(5), *edit), encoding="utf-8")
    elif kind == "silent":
        (target / "phase6_training.py").write_text(replaced(solution(6), *edit), encoding="utf-8")
    status, out = tiny(capsys, target=target)
    assert status == 2
    assert "Traceback" not in out
    for text in named:
        assert text in out
    assert not tiny.folder.exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "name a toy"),
        (["own"], "--data"),
        (["copy", "--data", "pairs.tsv"], "--data"),
        (["copy", "--steps", "0"], "steps count from 1"),
        (["copy", "--seed", "x"], "'x'"),
        (["fly"], "fly"),
        (["copy", "--target", "nowhere"], "nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage_is_status_2(arguments, named, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)
    assert caught.value.code == 2
    assert named in capsys.readouterr().err


def test_there_is_nothing_to_resume(tiny, capsys):
    status, out = tiny(capsys, "--resume")
    assert status == 2
    assert "grader.py train reverse" in out


def test_own_pairs_are_learned_and_a_bad_file_is_refused(tiny, capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(TOYS, "own", replace(TINY, name="own", steps=2, source_separator=" "))
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"number {n}\t数{n}\n" for n in range(40)), encoding="utf-8")
    given = ["--data", str(path), "--target", "solutions", "--runs", str(tmp_path / "runs")]
    assert command.main(given) == 0
    assert "target has no spaces" in capsys.readouterr().out
    history = json.loads((tmp_path / "runs" / "own" / "history.json").read_text(encoding="utf-8"))
    source, _, reference = history["validations"][-1]["samples"][0]
    assert source.replace("number ", "数") == reference
    assert (tmp_path / "runs" / "own" / "checkpoint.pt").is_file()
    path.write_text("no tab\n", encoding="utf-8")
    assert command.main(given) == 2
    assert "line 1" in capsys.readouterr().out


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_copy_reaches_99_percent_on_unseen_strings(learner):
    toy = TOYS["copy"]
    training = new_training(learner, toy)
    found = training.history["validations"]
    training.run(toy.steps, lambda: bool(found) and found[-1]["exact"] >= 0.99, lambda e: None, lambda e: None)
    assert training.validate()["exact"] >= 0.99


def test_what_cannot_be_kept_in_the_middle_is_a_learner_error(learner, tiny, capsys, monkeypatch):
    training = new_training(learner)
    state = training.scheduler.state_dict()
    monkeypatch.setattr(training.scheduler, "state_dict", lambda: {**state, "f": lambda: 0}, raising=False)
    with pytest.raises(LearnerError, match="no checkpoint can keep"):
        training.checkpoint()


def test_the_rehearsal_leaves_the_random_state_alone(learner):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    learner.rehearse()
    assert torch.equal(torch.get_rng_state(), before)


def test_what_a_learner_raises_in_the_middle_is_a_learner_error(learner, monkeypatch):
    training = new_training(learner)
    monkeypatch.setattr(training.model, "forward", lambda *arguments: 1 / 0)
    with pytest.raises(LearnerError, match="ZeroDivisionError"):
        run(training, 2)


@pytest.mark.parametrize("option", ["--runs", "--into"])
def test_a_folder_that_cannot_be_written_is_found_out_before_training(tmp_path, monkeypatch, capsys, option):
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setattr(Training, "run", lambda *arguments: pytest.fail("it trained first"))
    given = {"--runs": str(tmp_path / "runs"), "--into": str(tmp_path / "pictures"), option: str(tmp_path / "file")}
    flat = [word for pair in given.items() for word in pair]
    assert command.main(["copy", "--target", "solutions", *flat]) == 2
    assert f"{tmp_path / 'file'}" in capsys.readouterr().out.replace("\n", "")


ABSENT = [("cuda", torch.cuda, "no CUDA device"), ("mps", torch.backends.mps, "no Mac with Apple silicon")]


@pytest.mark.parametrize(("device", "module", "said"), ABSENT, ids=["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused(device, module, said, monkeypatch, capsys):
    monkeypatch.setattr(module, "is_available", lambda: False)
    with pytest.raises(SystemExit) as refused:
        command.main(["copy", "--device", device])
    assert refused.value.code == 2
    assert said in capsys.readouterr().err


def test_a_device_that_is_seen_and_cannot_compute_is_told_before_the_learners_code_runs(tiny, capsys, monkeypatch):
    def unusable(device):
        raise devices.DeviceUnusable("the driver is too old")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(devices, "check_device", unusable)
    with pytest.raises(SystemExit) as refused:
        command.main(["copy", "--device", "cuda"])
    assert refused.value.code == 2
    assert "(the driver is too old); leave --device out" in capsys.readouterr().err
    folders = ["--runs", str(tiny.folder.parent), "--target", "solutions"]
    assert command.main(["reverse", "--steps", "2", *folders]) == 0
    assert "(the driver is too old): training on the CPU" in capsys.readouterr().out
    assert json.loads((tiny.folder / "history.json").read_text(encoding="utf-8"))["device"] == "cpu"


def test_a_device_that_holds_no_values_cannot_be_used():
    with pytest.raises(devices.DeviceUnusable, match="meta"):
        devices.check_device("meta")
    devices.check_device("cpu")
