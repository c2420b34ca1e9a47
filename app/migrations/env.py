"""How Alembic reaches the database: through the application that runs the command. See Flask-Migrate."""

from alembic import context
from flask import current_app


def run() -> None:
    """Run the migrations in one transaction that begins as a write."""
    migrate = current_app.extensions["migrate"]
    with migrate.db.engine.connect() as connection:
        context.configure(connection=connection.execution_options(writes=True), target_metadata=migrate.db.metadata, **migrate.configure_args)
        with context.begin_transaction():
            context.run_migrations()


run()
