"""Followers: what this server does by itself when calls change, once for each call, whatever stops in between.

A follower is registered for a project by ``db.followers.set_following``, in the transaction that makes it wanted; from
then on it is given what happens to the project's calls, in order.
"""

from resolvers.followers.follower import Follower, Later, Work
from resolvers.followers.run import Followers

__all__ = ["Follower", "Followers", "Later", "Work"]
