import sqlite3
from contextlib import closing

import pytest

from halfopen.cli.main import run
from halfopen.serve.init.ask import Question, asked
from halfopen.serve.init.feeds import Proposer
from halfopen.serve.init.write import unsure
from halfopen.sources.schema import read_schema
from support import schemas

DDL = """
create table humans (id integer primary key, email text, begun_on datetime, seen_on datetime, altered_on datetime);
create table payments (id integer primary key, human_id integer references humans(id), amount integer, kind text,
  money text, created_at datetime, updated_at datetime);
insert into humans values (1, 'a@b.example', '2024-01-01 00:00:00', '2024-01-03 00:00:00', '2024-01-02 00:00:00');
insert into payments values (1, 1, 1234, 'deposit', 'EUR', '2024-01-01 00:00:00', '2024-01-02 00:00:00'),
  (2, 1, 4321, 'withdrawal', 'EUR', '2024-01-01 00:00:00', '2024-01-02 00:00:00');
"""


@pytest.fixture
def proposer(tmp_path):
    path = tmp_path / "odd.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(DDL)
    return Proposer(read_schema("sqlite", path, ""))


def test_defaults_change_nothing_but_what_is_confirmed(proposer):
    plain = proposer.proposals()
    after = asked(proposer, lambda question: question.default)
    for feed, proposal in plain.items():
        assert after[feed].tables == proposal.tables, feed
        for before, part in zip(proposal.parts, after[feed].parts, strict=True):
            assert {n: c.expression for n, c in part.choices.items()} == {
                n: c.expression for n, c in before.choices.items()
            }


def test_a_person_names_the_table_and_the_columns(proposer):
    questions: list[Question] = []

    def answer(question: Question) -> int:
        questions.append(question)
        wanted = {
            "players.registered_at": "begun_on",
            "players.modified_at": "altered_on",
            "Which table holds players": "humans",
        }
        for start, column in wanted.items():
            if question.text.startswith(start):
                return next(at for at, option in enumerate(question.options) if option.startswith(column))
        return question.default

    players = asked(proposer, answer)["players"]
    assert players.tables == ("humans",)
    assert players.parts[0].choices["registered_at"].expression.refs[0].column == "begun_on"
    assert players.parts[0].choices["modified_at"].expression.refs[0].column == "altered_on"
    assert all(question.options and 0 <= question.default < len(question.options) for question in questions)


def test_a_person_may_leave_a_feed_out(proposer):
    after = asked(proposer, lambda question: len(question.options) - 1)
    assert all(not after[feed].parts for feed in ("players", "logins"))


def test_nothing_sure_is_asked(tmp_path):
    proposer = Proposer(read_schema("sqlite", schemas.sqlite_file(tmp_path, "rails"), ""))
    questions: list[Question] = []

    def answer(question: Question) -> int:
        questions.append(question)
        return question.default

    asked(proposer, answer)
    doubtful = {name for names in unsure(proposer.proposals().values()).values() for name in names}
    fields = [question.text.partition(" ")[0] for question in questions if not question.text.startswith("Which table")]
    assert {field.partition(".")[2] for field in fields} <= doubtful


def test_without_anybody_to_answer_it_says_so(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins.input", lambda *_: (_ for _ in ()).throw(EOFError))
    with closing(sqlite3.connect(tmp_path / "odd.sqlite")) as connection:
        connection.executescript(DDL)
    assert run(["init", "sqlite:///odd.sqlite", "--interactive"]) == 2
    assert "--interactive" in capfd.readouterr().err
    assert not (tmp_path / "halfopen.toml").exists()
