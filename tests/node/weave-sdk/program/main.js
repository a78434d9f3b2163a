/**
 * A user's program on the published Weave SDK for TypeScript: `node program/main.js ENTITY/PROJECT`.
 *
 * Three variables tell it where the server is (WF_TRACE_SERVER_URL, WANDB_BASE_URL, WANDB_API_KEY). It writes and reads
 * back with the SDK alone and prints, as the last line of stdout, one JSON object of facts: what it saw, section by
 * section. It judges nothing: tests/sdk/test_typescript.py compares the facts, and what went to stderr, which is all
 * that the SDK complains about.
 */
import * as weave from 'weave';

import { calls, queries } from './calls.js';
import { evaluations } from './evaluations.js';
import { datasets, objects } from './objects.js';
import { providers } from './providers.js';

const client = await weave.init(process.argv[2], { globalAttributes: { program: 'typescript' } });
const report = { project: client.projectId };
for (const section of [calls, objects, datasets, evaluations, providers, queries]) {
  report[section.name] = await section(client);
}
await client.waitForBatchProcessing();
console.log(JSON.stringify(report));
