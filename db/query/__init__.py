"""The query language: what a request selects and in which order, as SQL for both databases (docs/query-language.md)."""
