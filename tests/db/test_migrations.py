from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select

from db.calls.model_usage import ModelUsage, usage_from
from db.calls.reads import COLUMNS
from db.calls.tables import calls
from db.engines import engine_for, parse_url
from db.experiments.reads import COLUMNS as EXPERIMENT_COLUMNS
from db.experiments.tables import experiments
from db.migrate import alembic_config, migrate, newest_revision
from db.schema import metadata


def test_the_migrations_make_what_the_tables_declare(new_database_url: str) -> None:
    migrate(new_database_url)
    engine = engine_for(parse_url(new_database_url), pool_size=1)
    with engine.connect() as connection:
        here = {None, connection.dialect.name}
        options = {"include_object": lambda declared, *_: declared.info.get("dialect") in here}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    engine.dispose()
    assert differences == []


def test_files_are_named_by_their_revisions() -> None:
    assert newest_revision() == ScriptDirectory.from_config(alembic_config()).get_current_head()


def test_an_older_database_is_upgraded_and_a_current_one_left_alone(new_database_url: str) -> None:
    engine = engine_for(parse_url(new_database_url), pool_size=1)
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0016")
    migrate(new_database_url)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [
            newest_revision()
        ]
        connection.exec_driver_sql("DROP TABLE path_indexes")
    migrate(new_database_url)
    with engine.connect() as connection:
        assert not connection.dialect.has_table(connection, "path_indexes")
    engine.dispose()


def test_exceptions_that_were_there_before_are_read(new_database_url: str) -> None:
    engine = engine_for(parse_url(new_database_url), pool_size=1)
    said = ["TimeoutError: no answer", "nothing known", None, '{"type": "KeyError", "message": "\\u0000"}'] * 300
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        made = {"status": "error", "created_at": 0, "change_seq": 1}
        rows = [
            {**made, "project_id": f"team/{number % 7}", "id": f"{number:04}", "exception": exception}
            for number, exception in enumerate(said)
        ]
        connection.execute(insert(calls), rows)
    migrate(new_database_url)
    with engine.connect() as connection:
        found = connection.execute(
            select(COLUMNS["exception_type"], COLUMNS["exception_message"]).order_by(calls.c.id)
        ).all()
    engine.dispose()
    expected = [("TimeoutError", "no answer"), (None, "nothing known"), (None, None), ("KeyError", "\x00")]
    assert [tuple(row) for row in found] == expected * 300


def test_evaluations_that_were_there_before_are_experiments(new_database_url: str) -> None:
    engine = engine_for(parse_url(new_database_url), pool_size=1)
    evaluate = "weave:///{}/op/Evaluation.evaluate:1"
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
        made = {"status": "success", "created_at": 0, "change_seq": 1, "trace_id": "t", "started_at": 5, "ended_at": 7}
        made |= {"inputs": '{"model": "weave:///team/0/object/m:1"}', "output": '{"a": 1.0}', "deleted_at": None}
        rows = [
            {**made, "project_id": f"team/{number % 3}", "id": f"{number:04}", "op_name": evaluate.format("team/0")}
            for number in range(250)
        ]
        rows[1] |= {"started_at": None}
        rows[2] |= {"deleted_at": 9}
        rows[4] |= {"op_name": "weave:///team/1/op/Evaluation.evaluate_other:1"}
        connection.execute(insert(calls), rows)
    migrate(new_database_url)
    names = ("project_slug", "experiment_id", "status", "results", "model_ref", "created_at", "ended_at")
    with engine.connect() as connection:
        found = connection.execute(
            select(*(EXPERIMENT_COLUMNS[name] for name in names)).order_by(experiments.c.id)
        ).all()
    engine.dispose()
    said = ("completed", '{"a": 1.0}', "weave:///team/0/object/m:1", 5, 7)
    left_out = {1, 2, 4}
    assert [tuple(row) for row in found] == [
        (f"team/{number % 3}", f"{number:04}", *said) for number in range(250) if number not in left_out
    ]


SAID = (
    ('{"usage": {"m": {"prompt_tokens": 3, "output_tokens": 2, "requests": 1}}}', 5),
    ('{"usage": {"m": {"total_tokens": 9}, "\\u0000\\ud800": {"cache_read_input_tokens": 1}}}', 9),
    ('{"usage": {"m": {"requests": 1}}}', None),
    ('{"usage": 3}', None),
    (None, None),
    (None, 4),
)


def test_what_calls_used_before_is_told_by_a_column(new_database_url: str) -> None:
    engine = engine_for(parse_url(new_database_url), pool_size=1)
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0021")
        made = {"status": "success", "created_at": 0, "change_seq": 1, "trace_id": "t"}
        rows = [
            {
                **made,
                "project_id": f"team/{number % 7}",
                "id": f"{number:05}",
                "summary": summary,
                "total_tokens": tokens,
            }
            for number, (summary, tokens) in enumerate(SAID * 500)
        ]
        connection.execute(insert(calls), rows)
    migrate(new_database_url)
    with engine.connect() as connection:
        found = [usage_from(usage) for usage in connection.scalars(select(calls.c.usage).order_by(calls.c.id))]
    engine.dispose()
    expected = [
        [ModelUsage("m", 3, 2, 5, 1)],
        [ModelUsage("m", 0, 0, 9, 0), ModelUsage("\x00\ud800", 0, 0, 0, 0, cache_read_tokens=1)],
        *[[]] * 4,
    ]
    assert found == expected * 500
