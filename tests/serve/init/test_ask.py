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


def made(tmp_path, ddl):
    path = tmp_path / "more.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(ddl)
    return Proposer(read_schema("sqlite", path, ""))


def scripted(wanted, questions):
    """Answers by the start of the question: the option that starts with a text; else the default."""

    def answer(question: Question) -> int:
        questions.append(question)
        for start, option in wanted.items():
            if question.text.startswith(start):
                return next(at for at, text in enumerate(question.options) if text.startswith(option))
        return question.default

    return answer


PEOPLE = """
create table users (id integer primary key, email text, money numeric(10,2) not null, zorp numeric(10,2) not null,
  currency text, created_at datetime not null, updated_at datetime not null);
insert into users values (1, 'a@b.example', 5.5, 1, 'EUR', '2024-01-01 00:00:00', '2024-01-02 00:00:00');
"""
ONE_WAY = """
create table deposits (id integer primary key, user_id integer references users(id), amount numeric(10,2),
  currency text, created_at datetime not null, updated_at datetime not null);
create table blix (id integer primary key, user_id integer references users(id), amount numeric(10,2),
  total numeric(10,2), currency text, created_at datetime not null, updated_at datetime not null);
insert into deposits values (1, 1, 10, 'EUR', '2024-01-01 00:00:00', '2024-01-02 00:00:00');
insert into blix values (1, 1, 10, 9, 'EUR', '2024-01-01 00:00:00', '2024-01-02 00:00:00');
"""


def test_a_person_names_the_table_of_the_other_way(tmp_path):
    questions = []
    after = asked(made(tmp_path, PEOPLE + ONE_WAY), scripted({"deposits holds money": "blix"}, questions))
    assert after["transactions"].tables == ("deposits", "blix")
    assert not [part for part in after["transactions"].parts if not all(c.is_sure for c in part.choices.values())]
    told = [part.choices["dir"].expression.template for part in after["transactions"].parts]
    assert told == ["'IN'", "'OUT'"]


def test_without_the_other_way_what_is_there_is_taken(tmp_path):
    questions = []
    after = asked(made(tmp_path, PEOPLE + ONE_WAY), scripted({"deposits holds money": "none"}, questions))
    assert after["transactions"].tables == ("deposits",)
    assert not after["transactions"].unsure


def test_balances_in_the_players_row_are_asked_for(tmp_path):
    questions = []
    proposer = made(tmp_path, PEOPLE)
    assert proposer.proposals()["wallets"].unsure
    after = asked(proposer, scripted({}, questions))
    assert any(question.text.startswith(("wallets.", "Which table holds wallets")) for question in questions)
    assert not after["wallets"].unsure


ROUNDS = """
create table plays (id integer primary key, user_id integer references users(id),
  title_id integer references titles(id), currency text, bet_amount integer, win_amount integer,
  began datetime not null);
create table titles (id integer primary key, name text);
insert into titles values (1, 'Troll Gold');
insert into plays values (1, 1, 1, 'EUR', 1234, 0, '2024-01-01 00:00:00'),
  (2, 1, 1, 'EUR', 1001, 2003, '2024-01-01 00:01:00');
"""


def test_rounds_are_asked_for_once_not_once_a_side(tmp_path):
    questions = []
    after = asked(made(tmp_path, PEOPLE + ROUNDS), scripted({}, questions))
    games = after["game_activity"]
    assert games.tables == ("plays",)
    assert len(games.parts) == 2
    assert not games.unsure
    texts = [question.text for question in questions if question.text.startswith("game_activity.session_id")]
    assert len(texts) == 1
    assert all(part.choices["session_id"].ground.endswith("confirmed") for part in games.parts)
