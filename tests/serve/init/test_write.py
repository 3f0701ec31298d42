import tomllib

from halfopen.serve.init.expression import Choice, Expression, Ref, column
from halfopen.serve.init.proposal import Part, Proposal
from halfopen.serve.init.write import unsure, written
from halfopen.sources.schema import Column, Schema, Table

SCHEMA = Schema("sqlite", (Table(name="list", columns=(Column(name="id"), Column(name="Title"), Column(name="x"))),))


def proposal(**choices: Choice) -> Proposal:
    return Proposal("bonus_list", (Part("list", choices, (), "why"),))


def text(**choices: Choice) -> str:
    return written(SCHEMA, {"bonus_list": proposal(**choices)}, "sqlite:///a.db")


def test_a_sure_choice_states_its_ground_alone():
    found = text(id=Choice(column("id"), 1.0, "primary key"), name=Choice(column("Title"), 0.9, "name"))
    assert 'id = "id"  # primary key\n' in found
    assert "(UNSURE" not in found
    assert "# Not used: x" in found


def test_doubt_and_low_scores_are_said():
    found = text(id=Choice(column("id"), 0.5, "guess"), name=Choice(column("Title"), 0.9, "name", "or x"))
    assert 'id = "id"  # guess (UNSURE)\n' in found
    assert 'name = "Title"  # name (UNSURE: or x)\n' in found
    both = proposal(id=Choice(column("id"), 0.5, "guess"), name=Choice(column("Title"), 0.9, "name", "or x"))
    assert unsure([both]) == {"bonus_list": ["id", "name"]}


def test_what_is_missing_is_a_todo():
    found = tomllib.loads(text(id=Choice(column("id"), 1.0, "primary key")))
    assert found["serve"]["feeds"]["bonus_list"]["todo"] == ["name"]


def test_quotes_and_backslashes_survive():
    sql = Expression("replace({0}, '\\', '\"\"\"')", (Ref("Title"),))
    found = tomllib.loads(text(id=Choice(column("id"), 1.0, "k"), name=Choice(sql, 1.0, "name")))
    assert found["serve"]["feeds"]["bonus_list"]["columns"]["name"] == 'replace("Title", \'\\\', \'"""\')'
