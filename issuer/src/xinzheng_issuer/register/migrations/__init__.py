"""Alembic migrations of the register, packaged with it."""
