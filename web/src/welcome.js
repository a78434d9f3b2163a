export const welcome = `# Ctrl-Enter runs the operation at the cursor, Ctrl-Space completes.
# The book on the left is the documentation of every type and field.

query Server {
  __schema {
    queryType {
      name
      description
    }
  }
}
`;
