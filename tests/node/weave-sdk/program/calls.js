/** Calls of every kind, and finding them again. */
import * as weave from 'weave';

import { inOrder, nameOf, plain, refused, seen } from './facts.js';

const add = weave.op(
  function add(a, b = 2) {
    return a + b;
  },
  { parameterNames: ['a', 'b'] },
);

const shout = weave.op(async function shout(text) {
  await Promise.resolve();
  return text.toUpperCase();
});

const fail = weave.op(
  function fail({ reason }) {
    throw new Error(reason);
  },
  { parameterNames: 'useParam0Object' },
);

const countdown = weave.op(
  async function* countdown(start) {
    for (let number = start; number > 0; number -= 1) yield number;
  },
  {
    parameterNames: ['start'],
    streamReducer: {
      initialStateFn: () => ({ numbers: [] }),
      reduceFn: (state, number) => ({ numbers: [...state.numbers, number] }),
      finalizeFn: (state) => state.numbers.push('end'),
    },
  },
);

const middle = weave.op(
  async function middle(x) {
    // Both run at the same time, each under its own parent all the same.
    const [one, other] = await Promise.all([add(x, 2), add(x, 10)]);
    return one + other;
  },
  {
    name: 'middle-step',
    parameterNames: ['x'],
    callDisplayName: (x) => `the middle of ${x}`,
    summarize: (value) => ({ usage: { 'tokens-r-us': { prompt_tokens: value, completion_tokens: 3 } } }),
  },
);

const outer = weave.op(
  async function outer(x) {
    const value = await middle(x);
    try {
      await fail({ reason: 'inside' });
    } catch (error) {
      return { value, caught: error.message };
    }
    return { value };
  },
  { parameterNames: ['x'], summarize: () => ({ score: 0.25 }) },
);

class Counter {
  constructor(step) {
    this.step = step;
    this.count = weave.op(this, this.count, { parameterNames: ['to'] });
  }

  count(to) {
    return Array.from({ length: to }, (_, index) => (index + 1) * this.step);
  }
}

async function collected(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

export async function calls(client) {
  const direct = [
    await add(1, 2),
    await shout('héllo ✓'),
    await collected(await countdown(3)),
    await new Counter(5).count(3),
  ];
  const raised = await refused(() => fail({ reason: 'no such thing' }));
  const [result, root] = await weave.withAttributes({ env: 'test', nested: { k: [1, null, 2.5] } }, () =>
    outer.invoke(5),
  );
  const written = [root.id, root.trace_id];
  await client.waitForBatchProcessing();
  const all = inOrder(await client.getCalls());

  const [, renamed] = await add.invoke(40, 2);
  await client.waitForBatchProcessing();
  await renamed.setDisplayName('forty two');
  const read = await client.getCall(root.id);
  const inside = inOrder(await client.getCalls({ trace_ids: [root.trace_id] }));
  const names = Object.fromEntries(inside.map((call) => [call.id, nameOf(call.op_name)]));
  return {
    direct,
    raised,
    result,
    all: all.map(seen),
    root: { ...seen(read), usage: plain(read.summary.usage), score: read.summary.score },
    attributes: { ...plain(read.attributes), weave: read.attributes.weave.source },
    tree: inside.map((call) => [nameOf(call.op_name), names[call.parent_id] ?? null]),
    renamed: (await client.getCall(renamed.id)).display_name,
    missing: await refused(() => client.getCall('0190ffff-0000-7000-8000-000000000000')),
    ids: { root: written[0], trace: written[1], renamed: renamed.id, op: read.op_name },
  };
}

export async function queries(client) {
  const item = weave.op(
    function item(index, label) {
      return { rank: index * 10, label };
    },
    { parameterNames: ['index', 'label'] },
  );
  for (let index = 0; index < 12; index += 1) await item(index, ['red', 'green', 'blue'][index % 3]);
  await client.waitForBatchProcessing();
  const op = await client.publish(item);
  const only = { op_names: [op.uri()] };
  const found = async (filter, limit) => inOrder(await client.getCalls(filter, false, limit));
  const indices = (calls) => calls.map((call) => call.inputs.index);

  const all = await found(only);
  const streamed = [];
  for await (const call of client.getCallsIterator(only, false, 5)) streamed.push(call);
  return {
    all: indices(all),
    limit: indices(await found(only, 4)),
    streamed: [streamed.length, streamed.every((call) => call.op_name === op.uri())],
    by_ids: indices(await found({ call_ids: [all[3].id, all[1].id] })),
    roots: (await found({ ...only, trace_roots_only: true })).length,
    any_version: (await found({ op_names: [op.uri().replace(/:[^:]*$/, ':*')] })).length,
    none: await found({ op_names: ['weave:///team/elsewhere/op/item:*'] }),
    ids: { op: op.uri() },
  };
}
