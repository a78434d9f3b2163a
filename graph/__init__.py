"""What clients see: types, inputs, connections, scalars. Declares, and calls the resolvers."""
