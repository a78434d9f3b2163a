"""Users: the subjects that calls name in a column of their own."""

from db.subjects import Subject

__all__ = ["USER"]

USER = Subject("User", "wb_user_id")
