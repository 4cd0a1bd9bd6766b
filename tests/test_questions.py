"""The page of questions shows what its commands print. HOLDFAST_REWRITE=1 rewrites it; read the difference."""

from __future__ import annotations

import re

from .pages import Page

PAGE = "docs/questions.md"


def test_every_answer_is_what_its_command_prints() -> None:
    page = Page.at(PAGE)

    page.keep(page.with_output())


def test_every_question_is_answered_by_a_command() -> None:
    questions = re.split(r"^## ", Page.at(PAGE).text, flags=re.MULTILINE)[1:]

    assert questions
    for question in questions:
        assert "?\n" in question.replace("? ", "?\n")
        assert "```console\n$ holdfast " in question
