/** How the program tells what it saw: values that do not change from run to run. */

/** The name of the op or object that a URI of a version ends in: `weave:///team/project/op/add:DIGEST` is `add`. */
export function nameOf(uri) {
  return uri.split('/').at(-1).split(':')[0];
}

/** The value as JSON would hold it; of an op's URI, whose digest follows the program's text, the name remains. */
export function plain(value) {
  const isOp = /^weave:.*\/op\//;
  return JSON.parse(
    JSON.stringify(value ?? null, (_, item) =>
      typeof item === 'string' && isOp.test(item) ? `op ${nameOf(item)}` : item,
    ),
  );
}

/** The message of the error that the action ends in. */
export async function refused(action) {
  try {
    await action();
  } catch (error) {
    return error instanceof Error ? error.message : `${error.status} ${JSON.stringify(error.error)}`;
  }
  return 'nothing raised';
}

/** The calls in the order in which they were made: their ids are UUIDs of version 7, their times mere milliseconds. */
export function inOrder(calls) {
  return [...calls].sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** The facts of a call read back. */
export function seen(call) {
  return {
    op: nameOf(call.op_name),
    name: call.display_name ?? null,
    inputs: plain(call.inputs),
    output: plain(call.output),
    error: call.exception ?? null,
    status: call.summary.weave.status,
    ended: call.ended_at >= call.started_at,
  };
}

/** How often each name occurs. */
export function counted(names) {
  const counts = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
