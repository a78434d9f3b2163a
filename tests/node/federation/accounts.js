// The subgraph of another team: its users, and incidents that are about calls of ours. It is a Relay server of its own,
// with types and fields that ours has too. It adds `review` to our calls, worked out from two fields that we give.
//
//     node accounts.js PORT
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';

const typeDefs = parse(`
  extend schema
    @link(
      url: "https://specs.apollo.dev/federation/v2.9"
      import: ["@key", "@shareable", "@external", "@requires"]
    )

  scalar DateTime
  scalar JSON

  interface Node {
    id: ID!
  }

  type PageInfo @shareable {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }

  type User implements Node @key(fields: "id") {
    id: ID!
    name: String!
    joinedAt: DateTime
    settings: JSON
  }

  type UserEdge {
    cursor: String!
    node: User!
  }

  type UserConnection {
    edges: [UserEdge!]!
    pageInfo: PageInfo!
  }

  type Incident implements Node @key(fields: "id") {
    id: ID!
    title: String!
    call: Call
  }

  type Call @key(fields: "ref") {
    ref: String!
    status: CallStatus! @external
    latencyMs: Float @external
    review: String @requires(fields: "status latencyMs")
  }

  enum CallStatus {
    SUCCESS
    ERROR
    RUNNING
    DESCENDANT_ERROR
  }

  type Query {
    node(id: ID!): Node
    nodes(ids: [ID!]!): [Node]!
    viewer: User
    users(first: Int, after: String): UserConnection!
    incidents(refs: [String!]!): [Incident!]!
  }
`);

const users = [
  { __typename: 'User', id: 'ada', name: 'Ada', joinedAt: '2026-01-01T00:00:00Z', settings: { dark: true } },
  { __typename: 'User', id: 'bob', name: 'Bob', joinedAt: null, settings: null },
];
const user = (id) => users.find((each) => each.id === id) ?? null;

const resolvers = {
  Query: {
    node: (_, { id }) => user(id),
    nodes: (_, { ids }) => ids.map(user),
    viewer: () => users[0],
    users: () => ({
      edges: users.map((node) => ({ cursor: node.id, node })),
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: 'ada', endCursor: 'bob' },
    }),
    incidents: (_, { refs }) =>
      refs.map((ref, index) => ({ id: `incident-${index}`, title: `Incident ${index}`, call: { ref } })),
  },
  User: { __resolveReference: ({ id }) => user(id) },
  Incident: { __resolveReference: ({ id }) => ({ id, title: id, call: null }) },
  Call: {
    __resolveReference: (call) => call,
    review: ({ status, latencyMs }) => `${status} after ${latencyMs ?? '?'} ms`,
  },
};

const schema = buildSubgraphSchema({ typeDefs, resolvers });
const server = new ApolloServer({ schema, stopOnTerminationSignals: false });
const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: Number(process.argv[2]) } });
console.log(`ready at ${url}`);
