// Requests to the endpoint, with errors that say what to do.

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { parse } from 'graphql';
import { createClient } from 'graphql-ws';

const EARLIER = 50; // events of a subscription that stay in view
const DRAWN_EVERY = 100; // milliseconds; a burst of events must not hold up the page

const endpoint = new URL('/graphql', window.location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

const client = createClient({ url: socket.href, lazy: true, retryAttempts: 3 });

const unreachable = () => new Error(`The server at ${endpoint.host} does not answer. Is \`tracegraph serve\` running?`);

async function readable(input, init) {
  let response;
  try {
    response = await fetch(input, init);
  } catch {
    throw unreachable();
  }
  if (/json|event-stream|multipart/.test(response.headers.get('content-type') ?? '')) {
    return response;
  }
  const text = (await response.text()).trim().slice(0, 500);
  throw new Error(`${endpoint.pathname} answered ${response.status} ${response.statusText}, which is not JSON: ${text}`);
}

const overHttp = createGraphiQLFetcher({ url: endpoint.href, fetch: readable });

export function fetcher(parameters, options) {
  const asked = chosen(parameters);
  return asked.operation === 'subscription' ? events(asked.parameters) : overHttp(asked.parameters, { ...options, documentAST: asked.document });
}

// The kind of the operation to run, and the parameters with its name. The editor learns of another document (a tab that
// was just opened, a query just typed) a moment later, and until then gives the name and the syntax tree of the one before:
// so the document itself is read, and a name that it does not know counts only where there are several to choose from.
function chosen(parameters) {
  let document;
  try {
    document = parse(parameters.query, { noLocation: true });
  } catch {
    return { parameters }; // the server says what is wrong with it
  }
  const operations = document.definitions.filter((each) => each.kind === 'OperationDefinition');
  const named = operations.find((each) => each.name?.value === parameters.operationName);
  if (named || operations.length !== 1) {
    return { document, operation: (named ?? operations[0])?.operation, parameters };
  }
  const [only] = operations;
  return { document, operation: only.operation, parameters: { ...parameters, operationName: only.name?.value } };
}

// The answers of a subscription: the newest event, and under it those that came before.
function events(parameters) {
  return {
    subscribe(observer) {
      const earlier = [];
      let newest = null;
      let timer = null;
      const draw = () => {
        timer = null;
        observer.next(earlier.length ? { ...newest, earlier: earlier.map((each) => each.data ?? each) } : newest);
      };
      const drawNow = () => {
        if (timer !== null) {
          clearTimeout(timer);
          draw();
        }
      };
      const dispose = client.subscribe(parameters, {
        next(event) {
          if (newest !== null) {
            earlier.unshift(newest);
            earlier.length = Math.min(earlier.length, EARLIER);
          }
          newest = event;
          timer ??= setTimeout(draw, DRAWN_EVERY);
        },
        error(failure) {
          drawNow();
          observer.error(told(failure));
        },
        complete() {
          drawNow();
          observer.complete();
        },
      });
      return {
        unsubscribe() {
          clearTimeout(timer);
          dispose();
        },
      };
    },
  };
}

function told(failure) {
  if (!(failure instanceof Event)) {
    return failure;
  }
  if (failure.code === undefined || failure.code === 1006) {
    return unreachable();
  }
  return new Error(`The server ended the stream: ${failure.reason || failure.code}`);
}

// The data of a query of the page itself; null where the server does not answer or does not know its fields.
export async function ask(query, variables = {}) {
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(5000),
    });
    return (await response.json()).data ?? null;
  } catch {
    return null;
  }
}
