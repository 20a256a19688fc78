"""From feedback rows to a new version of the ranking."""

import json
import random
from pathlib import Path
from types import SimpleNamespace

import pytest

from facet.adapters import catalogue
from facet.adapters.feedback import export_feedback
from facet.adapters.rows import unpack
from facet.advice.ranking import FEATURES, load_ranking
from facet.catalogue.catalogue import GOALS
from facet.cli.main import main
from tests.integration.conftest import NAMES, USER, Stack


def say(stack: Stack, user: str, ulid: str, **row: object) -> None:
    item = {"PK": f"USER#{user}", "SK": f"FEEDBACK#{ulid}", "document": json.dumps(row)}
    stack.table.put_item(Item=item)


def test_an_export_names_nobody_and_leaves_comments_behind(stack: Stack) -> None:
    say(stack, USER, "1", verdict="accept", features={"grade": 3.0}, comment="I am Annabel")
    say(stack, USER, "2", rating=2, product_id="gel", ranking="skincare-1")
    say(stack, "someone-else", "3", verdict="worn", item_ids=["b1"], created_at="2026-11-20")
    say(stack, USER, "4", comment="only words")
    say(stack, USER, "5", verdict="adored")
    stack.table.put_item(Item={"PK": f"USER#{USER}", "SK": "FEEDBACK#6", "document": "{half"})
    stack.table.put_item(Item={"PK": f"USER#{USER}", "SK": "PROFILE", "document": "{}"})

    rows = list(export_feedback(stack.table))

    assert sorted(row.verdict or str(row.rating) for row in rows) == ["2", "accept", "worn"]
    assert len({row.person for row in rows}) == 2
    exported = "".join(row.model_dump_json() for row in rows)
    for secret in (USER, "someone-else", "Annabel"):
        assert secret not in exported


def test_export_then_fit_writes_a_version_once(
    stack: Stack,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outputs = SimpleNamespace(stack=lambda *_: {"TableName": NAMES["TABLE_NAME"]})
    monkeypatch.setattr(catalogue, "stack_outputs", outputs.stack)
    dice = random.Random(7)  # noqa: S311
    for n in range(240):
        cheap = dice.random() < 0.5
        likes = dice.random() < (0.85 if cheap else 0.15)
        say(
            stack,
            f"user-{n % 60}",
            f"{n:04}",
            verdict="accept" if likes else "reject",
            features={"price": 0.0 if cheap else 2.0, "grade": float(dice.randrange(4))},
        )

    assert main(["learn", "export", "--stack-name", "facet-test"]) == 0
    feedback = tmp_path / "feedback.jsonl"
    feedback.write_text(capsys.readouterr().out)
    fit = ["learn", "fit", str(feedback), "--version", "skincare-2", "--out", str(tmp_path)]
    assert main(fit) == 0

    told = capsys.readouterr().out
    assert "worth a rollout" in told
    new = load_ranking("skincare-2", tmp_path)
    old = load_ranking("skincare-1")
    assert set(new.weights) == set(FEATURES)
    # Who learns that price decides ranks it higher against the evidence than before.
    assert new.weights["price"] / abs(new.weights["grade"]) < old.weights["price"] / abs(
        old.weights["grade"]
    )
    assert main(fit) == 1
    assert "never overwritten" in capsys.readouterr().err


def test_what_people_say_through_the_api_teaches_the_ranking(
    stack: Stack,
    portrait: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    analysis_id = stack.start(portrait)
    stack.call("analyze", stack.uploaded(analysis_id))
    stack.jobs()
    analysed = [
        stack.table.get_item(Key={"PK": f"USER#{USER}", "SK": f"{row}#{analysis_id}"})["Item"]
        for row in ("ANALYSIS", "READING")
    ]
    types = ("dry", "oily", "normal", "combination", "sensitive")
    monkeypatch.setattr("facet.advice.learning.LEAST", 40)  # a hundred take half a minute
    answers = 0
    for n in range(18):
        user = f"person-{n}"
        for row in analysed:
            stack.table.put_item(Item={**row, "PK": f"USER#{user}", "user_id": user})
        profile = {"skin_type": types[n % 5], "goals": [GOALS[n % len(GOALS)]]}
        if n % 2:
            profile["budget"] = ("low", "mid", "high")[n % 3]
        stack.table.put_item(
            Item={"PK": f"USER#{user}", "SK": "PROFILE", "document": json.dumps(profile)}
        )
        job = {"analysis_id": analysis_id, "user_id": user, "kind": "skincare"}
        stack.call("recommend", stack.batch(json.dumps(job)))
        key = {"PK": f"USER#{user}", "SK": f"RESULT#{analysis_id}#skincare"}
        result = unpack(stack.table.get_item(Key=key)["Item"]["result"])
        for suggestion in result["suggestions"]:
            cheap = suggestion["features"]["price"] == 0
            verdict = {
                "analysis_id": analysis_id,
                "product_id": suggestion["product"]["product_id"],
                "verdict": "accept" if cheap else "reject",
            }
            status, *_ = stack.http(
                "api",
                "api_get_analysis.json",
                method="POST",
                path="/v1/feedback",
                body=verdict,
                claims={"sub": user},
            )
            assert status == 201
            answers += 1
    outputs = {"TableName": NAMES["TABLE_NAME"]}
    monkeypatch.setattr(catalogue, "stack_outputs", lambda *_: outputs)
    capsys.readouterr()

    assert main(["learn", "export", "--stack-name", "facet-test"]) == 0
    feedback = tmp_path / "feedback.jsonl"
    feedback.write_text(capsys.readouterr().out, encoding="utf-8")
    fit = ["learn", "fit", str(feedback), "--version", "said", "--out", str(tmp_path)]
    assert main(fit) == 0

    told = capsys.readouterr().out
    assert len(feedback.read_text("utf-8").splitlines()) == answers
    assert "0 say nothing" in told
    old, new = load_ranking("skincare-1").weights, load_ranking("said", tmp_path).weights
    assert new["price"] < old["price"]
    assert "worth a rollout" in told


def test_too_little_feedback_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    feedback = tmp_path / "few.jsonl"
    feedback.write_text(
        '{"person": "a", "verdict": "accept", "features": {"grade": 1}}\nnonsense\n'
    )

    fit = ["learn", "fit", str(feedback), "--version", "new", "--out", str(tmp_path)]
    assert main(fit) == 1

    told = capsys.readouterr().err
    assert "line 2" in told
    assert "learning starts at 100" in told
    assert main([*fit, "--strength", "nan"]) == 1
    assert "strength" in capsys.readouterr().err
    assert not (tmp_path / "new.toml").exists()
