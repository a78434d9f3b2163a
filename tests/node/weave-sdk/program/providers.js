/** A wrapped client of a model provider: usage, costs, streams and pictures. */
import * as weave from 'weave';

import { inOrder, nameOf, plain, refused, seen } from './facts.js';

// The smallest picture that there is: one transparent pixel.
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const USAGE = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };

/** What answers in the place of the provider: the shape of the official client, without a network. */
class FakeOpenAI {
  constructor() {
    this.chat = { completions: { create: FakeOpenAI.complete } };
    this.beta = {};
    this.images = { generate: async () => ({ created: 1, data: [{ b64_json: PNG }] }) };
    this.responses = { create: FakeOpenAI.respond };
  }

  static async complete({ model, messages, stream }) {
    if (model === 'none') throw new Error('404 no such model');
    const text = `re: ${messages.at(-1).content}`;
    if (!stream) {
      const choices = [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }];
      return { id: 'chat-1', object: 'chat.completion', created: 1, model, choices, usage: { ...USAGE } };
    }
    return (async function* chunks() {
      for (const letter of text) {
        yield { id: 'chat-2', model, created: 2, choices: [{ index: 0, delta: { content: letter } }] };
      }
      yield { id: 'chat-2', model, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
      yield { id: 'chat-2', model, choices: [], usage: { ...USAGE } };
    })();
  }

  static async respond({ model, input }) {
    const output = [{ type: 'message', content: [{ type: 'output_text', text: `re: ${input}` }] }];
    return { id: 'resp-1', object: 'response', model, output, usage: { input_tokens: 3, output_tokens: 2 } };
  }
}

export async function providers(client) {
  const openai = weave.wrapOpenAI(new FakeOpenAI());
  const messages = [{ role: 'user', content: 'hi ✓' }];
  const ask = weave.op(
    async function ask(question) {
      const whole = await openai.chat.completions.create({ model: 'fake-large', messages, temperature: 0 });
      let text = '';
      const parts = await openai.chat.completions.create({ model: 'fake-large', messages, stream: true });
      for await (const chunk of parts) text += chunk.choices[0]?.delta.content ?? '';
      const answer = await openai.responses.create({ model: 'fake-small', input: question });
      return [whole.choices[0].message.content, text, answer.output[0].content[0].text];
    },
    { parameterNames: ['question'] },
  );
  const [said, root] = await ask.invoke('and you?');
  const refusal = await refused(() => openai.chat.completions.create({ model: 'none', messages }));
  const drawn = await openai.images.generate({ prompt: 'a dot' });
  await client.waitForBatchProcessing();
  const written = inOrder(await client.getCalls({ trace_ids: [root.trace_id] }, true));
  const priced = written[0].summary.weave.costs['fake-large'];
  const roots = inOrder(await client.getCalls({ trace_roots_only: true }));
  const picture = roots.find((call) => nameOf(call.op_name) === 'openai.images.generate');
  return {
    said,
    refusal,
    picture: [Buffer.from(drawn.data[0].data).subarray(1, 4).toString(), picture.output.data[0].weave_type],
    picture_usage: plain(picture.summary.usage),
    refused: roots.filter((call) => call.exception === '404 no such model').map((call) => call.summary.weave.status),
    calls: written.map(seen),
    usage: written.map((call) => plain(call.summary.usage)),
    costs: [
      priced.requests,
      priced.prompt_tokens,
      priced.completion_tokens,
      priced.prompt_tokens_total_cost,
      priced.completion_tokens_total_cost,
    ],
    ids: { root: root.id, picture: picture.output.data[0].files['image.png'] },
  };
}
