// Asks each subgraph for its schema and composes them. Prints the supergraph.
//
//     node compose.js apollo traces=http://127.0.0.1:8464/graphql accounts=http://127.0.0.1:4001 > supergraph.graphql
//
// The composer is `apollo`, `guild` or `wundergraph`; what that of WunderGraph makes is for its own router, so that its
// federated schema is printed.
import { composeServices } from '@apollo/composition';
import { composeServices as composeWithGuild } from '@theguild/federation-composition';
import { federateSubgraphs } from '@wundergraph/composition';
import { parse, printSchema } from 'graphql';

const [composer, ...given] = process.argv.slice(2);

const subgraphs = await Promise.all(
  given.map(async (pair) => {
    const [name, url] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    const body = JSON.stringify({ query: '{ _service { sdl } }' });
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return { name, url, definitions: parse((await response.json()).data._service.sdl) };
  }),
);

const composers = {
  apollo() {
    const services = subgraphs.map(({ name, url, definitions }) => ({ name, url, typeDefs: definitions }));
    const { supergraphSdl, errors } = composeServices(services);
    return { supergraph: supergraphSdl, errors };
  },
  guild() {
    const services = subgraphs.map(({ name, url, definitions }) => ({ name, url, typeDefs: definitions }));
    const { supergraphSdl, errors } = composeWithGuild(services);
    return { supergraph: supergraphSdl, errors };
  },
  wundergraph() {
    const result = federateSubgraphs({ subgraphs, version: '1' });
    return result.success
      ? { supergraph: printSchema(result.federatedGraphSchema) }
      : { errors: result.errors };
  },
};

const { supergraph, errors } = composers[composer]();
if (errors?.length) {
  for (const error of errors) console.error(error.message);
  process.exit(1);
}
console.log(supergraph);
