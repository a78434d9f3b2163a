from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from db.engines import engine_for, parse_url
from db.migrate import migrate
from db.schema import metadata


def test_the_migrations_make_what_the_tables_declare(database_url: str) -> None:
    migrate(database_url)
    engine = engine_for(parse_url(database_url), pool_size=1)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert differences == []
