"""audit, expiry of tokens

What is in the audit stays as it is: the database refuses to change a row or to remove one. The triggers are those of SQLite; another database
needs its own, and has none by this.
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('token', sa.Column('expires_at', sa.Float(), nullable=True))
    op.create_table('audit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.Float(), nullable=False),
    sa.Column('token_id', sa.String(length=16), nullable=True),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=True),
    sa.Column('via', sa.String(length=8), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=True),
    sa.Column('action', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=True),
    sa.Column('object_id', sa.String(length=32), nullable=True),
    sa.Column('about', sa.String(length=255), nullable=False),
    sa.Column('outcome', sa.String(length=8), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    # A row without an id has -1 in a trigger before its INSERT: if there was one, no other would come in.
    sa.CheckConstraint('id > 0', name='audit_id'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_audit_at', 'audit', ['at'], unique=False)
    op.create_index('audit_of', 'audit', ['kind', 'object_id', 'id'], unique=False)
    op.create_index('audit_by', 'audit', ['token_id', 'id'], unique=False)
    op.create_index('audit_action', 'audit', ['action', 'id'], unique=False)
    if op.get_bind().dialect.name == 'sqlite':
        for name, when in {
            'audit_no_update': 'BEFORE UPDATE ON audit',
            'audit_no_delete': 'BEFORE DELETE ON audit',
            # An INSERT OR REPLACE removes the row of that id without asking the trigger.
            'audit_no_replace': 'BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)',
        }.items():
            op.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END")


def downgrade() -> None:
    op.drop_table('audit')
    op.drop_column('token', 'expires_at')
