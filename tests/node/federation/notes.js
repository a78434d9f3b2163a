// A subgraph that adds one field to all nodes of ours at once, by the entity interface: it names none of their types.
// (A subgraph with such an @interfaceObject must not define any of the types behind it, so `Call` is in another one.)
//
//     node notes.js PORT
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';

const typeDefs = parse(`
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@interfaceObject"])

  type TracegraphNode @key(fields: "id") @interfaceObject {
    id: ID!
    notes: [String!]!
  }

  type Query {
    noted(ids: [ID!]!): [TracegraphNode]!
  }
`);

const resolvers = {
  Query: { noted: (_, { ids }) => ids.map((id) => ({ id })) },
  TracegraphNode: { __resolveReference: (node) => node, notes: ({ id }) => [`A note on ${id}`] },
};

const schema = buildSubgraphSchema({ typeDefs, resolvers });
const server = new ApolloServer({ schema, stopOnTerminationSignals: false });
const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: Number(process.argv[2]) } });
console.log(`ready at ${url}`);
