"""Where it lives: tables, statements and engines. Knows SQL and nothing of GraphQL or HTTP."""
