"""sessions, task defaults, reruns

Columns are added in place: a table that is copied would be empty for a moment to who reads it meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('session',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('token_id', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.Float(), nullable=False),
    sa.Column('ends_at', sa.Float(), nullable=False),
    sa.ForeignKeyConstraint(['token_id'], ['token.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('digest')
    )
    op.create_index('ix_session_token_id', 'session', ['token_id'], unique=False)
    op.add_column('token', sa.Column('used_at', sa.Float(), nullable=True))
    op.add_column('task', sa.Column('description', sa.String(length=1024), nullable=False, server_default=''))
    op.add_column('task', sa.Column('parameters', sa.JSON(), nullable=False, server_default='{}'))
    op.add_column('result', sa.Column('rerun_of', sa.Integer(), nullable=True))
    op.create_index('ix_result_rerun_of', 'result', ['rerun_of'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_result_rerun_of', 'result')
    op.drop_column('result', 'rerun_of')
    op.drop_column('task', 'parameters')
    op.drop_column('task', 'description')
    op.drop_column('token', 'used_at')
    op.drop_table('session')
