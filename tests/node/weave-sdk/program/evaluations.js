/** Evaluations over a dataset, and predictions and scores logged by hand. */
import * as weave from 'weave';

import { counted, inOrder, nameOf, plain } from './facts.js';

const double = weave.op(
  async function double({ datasetRow }) {
    return { doubled: datasetRow.number * 2 };
  },
  { parameterNames: 'useParam0Object' },
);

const exact = weave.op(
  function exact({ datasetRow, modelOutput }) {
    return { correct: modelOutput.doubled === datasetRow.expected };
  },
  { parameterNames: 'useParam0Object' },
);

const distance = weave.op(
  function distance({ datasetRow, modelOutput }) {
    return Math.abs(modelOutput.doubled - datasetRow.expected);
  },
  { parameterNames: 'useParam0Object' },
);

export async function evaluations(client) {
  const rows = [0, 1, 2, 3].map((number) => ({ number, expected: number === 3 ? 7 : 2 * number }));
  const dataset = new weave.Dataset({ name: 'doubles', rows });
  const evaluation = new weave.Evaluation({ name: 'doubling', dataset, scorers: [exact, distance] });
  const summary = await evaluation.evaluate({ model: double });
  await client.waitForBatchProcessing();
  const [root] = (await client.getCalls({ trace_roots_only: true })).filter(
    (call) => nameOf(call.op_name) === 'Evaluation.evaluate',
  );
  const inside = inOrder(await client.getCalls({ trace_ids: [root.trace_id] }));
  const names = Object.fromEntries(inside.map((call) => [call.id, nameOf(call.op_name)]));
  const predictions = inside.filter((call) => names[call.id] === 'double');

  const logger = new weave.EvaluationLogger({
    name: 'by-hand',
    model: { name: 'hand-model' },
    dataset: new weave.Dataset({ name: 'questions', rows: [{ q: 1 }, { q: 2 }] }),
    attributes: { how: 'by hand' },
  });
  for (const q of [1, 2]) {
    const prediction = await logger.logPredictionAsync({ q }, q * 10);
    await prediction.logScore('tens', q > 1);
    await prediction.logScore('size', q / 2);
    await prediction.finish();
  }
  await logger.logSummary();
  await client.waitForBatchProcessing();
  const hand = (await client.getCalls({ trace_roots_only: true })).find((call) => call.attributes.how === 'by hand');
  const byHand = inOrder(await client.getCalls({ trace_ids: [hand.trace_id] }));
  const handNames = Object.fromEntries(byHand.map((call) => [call.id, nameOf(call.op_name)]));
  return {
    summary: { ...summary, model_latency: summary.model_latency.mean >= 0 },
    name: root.display_name,
    output: plain({ ...root.output, model_latency: null }),
    called: plain(root.inputs.model),
    status: root.summary.weave.status,
    by_op: counted(inside.map((call) => `${names[call.parent_id] ?? ''} > ${names[call.id]}`)),
    inputs: predictions.map((call) => call.inputs.datasetRow.startsWith('weave:///')),
    outputs: predictions.map((call) => call.output.doubled).sort(),
    by_hand: plain(hand.output),
    by_hand_calls: counted(byHand.map((call) => `${handNames[call.parent_id] ?? ''} > ${handNames[call.id]}`)),
    ids: {
      evaluate: root.id,
      evaluation: root.inputs.self,
      predictions: byHand.filter((call) => handNames[call.id] === 'Model.predict').map((call) => call.id),
    },
  };
}
