// Operations to begin with. Each file says in its first line what it shows; its operation's name names the tab.

import callTree from './examples/call-tree.graphql?raw';
import call from './examples/call.graphql?raw';
import costByModel from './examples/cost-by-model.graphql?raw';
import failingCalls from './examples/failing-calls.graphql?raw';
import liveTail from './examples/live-tail.graphql?raw';
import newestTraces from './examples/newest-traces.graphql?raw';
import objectVersion from './examples/object-version.graphql?raw';
import objectVersions from './examples/object-versions.graphql?raw';
import twoExperiments from './examples/two-experiments.graphql?raw';
import welcome from './examples/welcome.graphql?raw';

export const EXAMPLES = [
  example('Newest traces', newestTraces),
  example('A call tree', callTree, 'callId'),
  example('Failing calls', failingCalls),
  example('Cost by model', costByModel),
  example('Versions of an object', objectVersions, 'objectId'),
  example('Two experiments', twoExperiments, 'newExperimentId', 'oldExperimentId'),
  example('Live tail', liveTail),
];

export { welcome };

// `needs` names what of a project the variables take beside its slug.
function example(title, query, ...needs) {
  const about = /^# (.*)$/m.exec(query)[1];
  const variables = (project, atHand) =>
    written({ project, ...Object.fromEntries(needs.map((name) => [name, atHand?.[name] ?? ''])) });
  return { title, about, query, variables };
}

function written(variables) {
  return JSON.stringify(variables, null, 2);
}

// The operation that the page's address names, and whether it runs by itself: only one that is our own does. Null
// where the address names none.
export function linked(address, project) {
  const given = (name) => address.get(name);
  if (given('query') !== null) {
    return { query: given('query'), variables: given('variables'), operationName: given('operationName'), own: false };
  }
  if (project && given('call')) {
    return { query: call, variables: written({ project, callId: given('call') }), own: true };
  }
  if (project && given('object')) {
    const kind = given('kind') === 'op' ? 'OP' : 'OBJECT';
    const variables = { project, objectId: given('object'), version: given('version') || 'latest', kind };
    return { query: objectVersion, variables: written(variables), own: true };
  }
  return null;
}
