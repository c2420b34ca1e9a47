"""run parameters, attempts, labels, images, secrets, deletions

Columns are added in place: a table that is copied would be empty for a moment to who reads it meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

WAITING = sa.text("phase = 'WAITING'")

def added() -> dict[str, list[sa.Column]]:
    """Columns belong to one table object for good, so they are made anew each time."""
    return {
        'task': [
            sa.Column('labels', sa.JSON(), nullable=False, server_default='{}'),
            sa.Column('secret_env', sa.JSON(), nullable=False, server_default='{}'),
            sa.Column('registry_username', sa.String(length=255), nullable=True),
            sa.Column('registry_password', sa.Text(), nullable=True),
        ],
        'result': [
            sa.Column('priority', sa.Integer(), nullable=False, server_default='0'),
            sa.Column('parallel', sa.Integer(), nullable=True),
            sa.Column('max_failures', sa.Integer(), nullable=True),
            sa.Column('served', sa.Integer(), nullable=False, server_default='0'),
            sa.Column('secret_env', sa.JSON(), nullable=False, server_default='{}'),
            sa.Column('deleted_at', sa.Float(), nullable=True),
        ],
        'detail': [
            sa.Column('not_before', sa.Float(), nullable=True),
            sa.Column('peak_memory', sa.BigInteger(), nullable=True),
            sa.Column('cpu_seconds', sa.Float(), nullable=True),
            sa.Column('last_line', sa.String(length=255), nullable=True),
            sa.Column('ending', sa.String(length=255), nullable=True),
        ],
        'engine': [sa.Column('claims', sa.Integer(), nullable=False, server_default='0')],
    }


def upgrade() -> None:
    for table, columns in added().items():
        for column in columns:
            op.add_column(table, column)
    op.drop_index('detail_waiting', 'detail')
    op.create_index('detail_waiting', 'detail', ['engine_id', 'result_id', 'not_before', 'position'], unique=False, sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_index('ix_result_deleted_at', 'result', ['deleted_at'], unique=False)
    op.create_table('attempt',
    sa.Column('detail_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=32), nullable=True),
    sa.Column('message', sa.String(length=1024), nullable=True),
    sa.Column('exit_code', sa.Integer(), nullable=True),
    sa.Column('oom_killed', sa.Boolean(), nullable=True),
    sa.Column('container_id', sa.String(length=64), nullable=True),
    sa.Column('start', sa.Float(), nullable=True),
    sa.Column('end', sa.Float(), nullable=True),
    sa.Column('log_truncated', sa.Boolean(), nullable=True),
    sa.Column('logs_incomplete', sa.Boolean(), nullable=True),
    sa.Column('peak_memory', sa.BigInteger(), nullable=True),
    sa.Column('cpu_seconds', sa.Float(), nullable=True),
    sa.Column('last_line', sa.String(length=255), nullable=True),
    sa.Column('ending', sa.String(length=255), nullable=True),
    sa.ForeignKeyConstraint(['detail_id'], ['detail.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('detail_id', 'number')
    )
    op.create_table('result_label',
    sa.Column('result_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('value', sa.String(length=1024), nullable=False),
    sa.ForeignKeyConstraint(['result_id'], ['result.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('result_id', 'name')
    )
    op.create_index('result_by_label', 'result_label', ['name', 'value', 'result_id'], unique=False)
    op.create_table('image',
    sa.Column('task_id', sa.Integer(), nullable=False),
    sa.Column('image_id', sa.String(length=80), nullable=False),
    sa.Column('pulled', sa.Boolean(), nullable=False),
    sa.Column('imported_at', sa.Float(), nullable=False),
    sa.Column('removed_at', sa.Float(), nullable=True),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('task_id', 'image_id')
    )
    op.create_index('ix_image_image_id', 'image', ['image_id'], unique=False)
    # What tasks have now; who brought it in is not known, so it is left in the store for good.
    op.execute("INSERT INTO image (task_id, image_id, pulled, imported_at) SELECT id, image_id, false, coalesce(imported_at, submitted_at) FROM task WHERE image_id IS NOT NULL")


def downgrade() -> None:
    for table in ('image', 'result_label', 'attempt'):
        op.drop_table(table)
    op.drop_index('ix_result_deleted_at', 'result')
    op.drop_index('detail_waiting', 'detail')
    op.create_index('detail_waiting', 'detail', ['engine_id', 'id'], unique=False, sqlite_where=WAITING, postgresql_where=WAITING)
    for table, columns in added().items():
        for column in columns:
            op.drop_column(table, column.name)
