"""The REST dialects: shapes of foreign APIs, each endpoint a GraphQL operation. Knows nothing of SQL."""
