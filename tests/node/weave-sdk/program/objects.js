/** Objects, their versions and refs, prompts, and datasets. */
import * as weave from 'weave';

import { plain, refused } from './facts.js';

class Settings extends weave.WeaveObject {
  constructor({ temperature, stop, ...base }) {
    super(base);
    this.temperature = temperature;
    this.stop = stop;
  }
}

export async function objects(client) {
  const first = { temperature: 0.5, stop: ['\n', '§'], b: 1, a: { z: null, y: 1.5 } };
  const contents = [first, Object.fromEntries(Object.entries(first).reverse()), { ...first, temperature: 1 }];
  const refs = [];
  // The SDK notes its ref on a value that it has published, so that each version is a value of its own.
  for (const content of contents) refs.push(await client.publish({ ...content }, 'settings'));
  const typed = await client.publish(new Settings({ name: 'typed settings', temperature: 0.1, stop: ['end'] }));
  const phrase = await client.publish(
    new weave.StringPrompt({ name: 'phrase', description: 'asks', content: 'Say {word} in {language}.' }),
  );
  const chat = await client.publish(
    new weave.MessagesPrompt({ name: 'chat', messages: [{ role: 'system', content: 'Be {mood}.' }] }),
  );
  const unnamed = await client.publish([1, 'two', null]);
  const read = (digest) => new weave.ObjectRef(client.projectId, 'settings', digest).get();
  return {
    digests: refs.map((ref) => ref.digest),
    read: [await read('v0'), await read('latest'), await read(refs[0].digest)],
    typed: [typed.objectId, await weave.ObjectRef.fromUri(typed.uri()).get()],
    prompt: (await weave.StringPrompt.get(client, phrase.uri())).format({ word: 'tree', language: 'Latin' }),
    chat: (await weave.MessagesPrompt.get(client, chat.uri())).format({ mood: 'kind' }),
    unnamed: await unnamed.get(),
    missing: await refused(() => new weave.ObjectRef(client.projectId, 'no-such-object', 'v0').get()),
    ids: { settings: refs[0].uri() },
  };
}

export async function datasets() {
  const rows = Array.from({ length: 5 }, (_, i) => ({ number: i, expected: 2 * i, note: `row ${i} é` }));
  const ref = await new weave.Dataset({ name: 'numbers', description: 'doubled', rows }).save();
  const read = await ref.get();
  const many = await new weave.Dataset({
    name: 'many',
    rows: Array.from({ length: 1250 }, (_, i) => ({ i, square: i * i })),
  }).save();
  const grown = await many.get();
  const looped = [];
  for await (const row of grown) looped.push(row.i);
  return {
    rows: read.rows.rows.map(({ __savedRef, ...row }) => plain(row)),
    length: read.length,
    row_2: (({ __savedRef, ...row }) => row)(read.getRow(2)),
    row_refs: await Promise.all(read.rows.rows.map(async (row) => (await row.__savedRef).rowDigest)),
    table: (await read.rows.__savedRef).uri().split('/').at(-1),
    named: [read.name, read.description],
    many: [grown.length, grown.getRow(0).square, grown.getRow(1249).square],
    many_ordered: looped.every((value, index) => value === index),
    ids: { numbers: ref.uri() },
  };
}
