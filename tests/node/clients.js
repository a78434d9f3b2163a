// Talks to the GraphQL endpoint at the address in the first argument (host:port) with the clients of graphql-ws and
// graphql-sse, and prints what they got as JSON.
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import WebSocket from 'ws';

const address = process.argv[2];

/** All results of an operation, and the error that ended it. */
function collect(client, payload) {
  return new Promise((resolve) => {
    const data = [];
    const stop = (error) => resolve({ data, error });
    client.subscribe(payload, {
      next: (result) => data.push(result.errors ? { ...result.data, errors: result.errors } : result.data),
      error: (error) => stop(described(error)),
      complete: () => stop(null),
    });
  });
}

function described(error) {
  if (Array.isArray(error)) return error.map(({ message, extensions }) => ({ message, ...extensions }));
  return error.message ?? `closed with ${error.code}: ${error.reason}`;
}

/** Everything that both clients can do. */
async function common(client) {
  const found = {
    query: await collect(client, { query: '{ hello }' }),
    variables: await collect(client, { query: 'query Q($t: String!) { echo(text: $t) }', variables: { t: 'ä' } }),
    mutation: await collect(client, { query: 'mutation { write(number: 3) }' }),
    subscription: await collect(client, { query: 'subscription { count(to: 3) }' }),
    failing: await collect(client, { query: 'subscription { failing }' }),
    syntax: await collect(client, { query: '{' }),
    unknown: await collect(client, { query: '{ nothing }' }),
    several: await Promise.all([1, 2, 3].map((to) => collect(client, { query: `subscription { count(to: ${to}) }` }))),
  };
  const left = client.iterate({ query: 'subscription { forever }' });
  found.left = [await left.next(), await left.return()];
  found.after = await collect(client, { query: '{ hello }' });
  return found;
}

async function overWebSocket() {
  const url = `ws://${address}/graphql`;
  const client = createWs({ url, webSocketImpl: WebSocket });
  const found = await common(client);
  await client.dispose();

  const connected = [];
  const again = createWs({
    url,
    webSocketImpl: WebSocket,
    retryAttempts: 3,
    retryWait: async () => {},
    shouldRetry: () => true,
    on: { connected: () => connected.push(true) },
  });
  const values = again.iterate({ query: 'subscription { forever }' });
  found.reconnect = [(await values.next()).value.data];
  again.terminate();
  found.reconnect.push((await values.next()).value.data);
  found.connections = connected.length;
  await values.return();
  await again.dispose();

  found.pong = await new Promise((resolve) => {
    const alive = createWs({
      url,
      webSocketImpl: WebSocket,
      lazy: false,
      keepAlive: 20,
      on: { pong: (received) => received && resolve(alive.dispose()) },
    });
  }).then(() => true);
  return found;
}

async function overEvents() {
  const url = `http://${address}/graphql`;
  const found = await common(createSse({ url, retryAttempts: 0 }));
  // Single connection mode begins by reserving a stream with PUT.
  const single = createSse({ url, retryAttempts: 0, singleConnection: true });
  found.single = await collect(single, { query: '{ hello }' });
  return found;
}

console.log(JSON.stringify({ ws: await overWebSocket(), sse: await overEvents() }));
process.exit(0);
