"""deletion of tasks, sizes and removal of logs, runs of housekeeping

Columns are added in place: a table that is copied would be empty for a moment to who reads it meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

DELETED = sa.text('deleted_at IS NOT NULL')


def upgrade() -> None:
    op.add_column('task', sa.Column('deleted_at', sa.Float(), nullable=True))
    op.add_column('result', sa.Column('logs_size', sa.BigInteger(), nullable=True))
    op.add_column('result', sa.Column('logs_removed_at', sa.Float(), nullable=True))
    op.create_index('result_by_end', 'result', ['end'], unique=False)
    op.drop_index('ix_result_deleted_at', 'result')
    op.create_index('result_deleted', 'result', ['deleted_at', 'id'], unique=False, sqlite_where=DELETED, postgresql_where=DELETED)
    op.create_table('tidying',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.Float(), nullable=False),
    sa.Column('ended_at', sa.Float(), nullable=True),
    sa.Column('results', sa.Integer(), nullable=False),
    sa.Column('executions', sa.Integer(), nullable=False),
    sa.Column('logs', sa.Integer(), nullable=False),
    sa.Column('logs_bytes', sa.BigInteger(), nullable=False),
    sa.Column('images', sa.Integer(), nullable=False),
    sa.Column('error', sa.String(length=1024), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_tidying_at', 'tidying', ['at'], unique=False)


def remove_deleted() -> None:
    """What stands deleted would be there again without the columns that say so. Children go first, whether or not foreign keys are on."""
    tasks = 'SELECT id FROM task WHERE deleted_at IS NOT NULL'
    results = f'SELECT id FROM result WHERE deleted_at IS NOT NULL OR task_id IN ({tasks})'
    details = f'SELECT id FROM detail WHERE result_id IN ({results})'
    for kind, ids in (('detail', details), ('result', results), ('task', tasks)):
        op.execute(f"DELETE FROM history WHERE kind = '{kind}' AND object_id IN ({ids})")
    op.execute(f'DELETE FROM attempt WHERE detail_id IN ({details})')
    for table in ('detail', 'result_label'):
        op.execute(f'DELETE FROM {table} WHERE result_id IN ({results})')
    op.execute(f'DELETE FROM result WHERE id IN ({results})')
    op.execute(f'DELETE FROM image WHERE task_id IN ({tasks})')
    op.execute('DELETE FROM task WHERE deleted_at IS NOT NULL')


def downgrade() -> None:
    remove_deleted()
    op.drop_table('tidying')
    op.drop_index('result_deleted', 'result')
    op.create_index('ix_result_deleted_at', 'result', ['deleted_at'], unique=False)
    op.drop_index('result_by_end', 'result')
    for column in ('logs_removed_at', 'logs_size'):
        op.drop_column('result', column)
    op.drop_column('task', 'deleted_at')
