"""`tracegraph demo`: a project full of believable traces, so that the first look is not empty.

The help desk of a shop for outdoor gear, over ten days that end at a given time: an agent with tools and retries, two
evaluations of a retrieval-augmented answerer, a chat, a nightly import, and a tree as large as one likes. The same
seed and time give the same ids, times and texts. What is written goes the way of every other write.
"""
