"""Object versions: content-addressed values with a name and a version number."""

from db.objects.tables import objects

__all__ = ["objects"]
