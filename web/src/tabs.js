// The tabs that the page opens with. A returning user finds the ones that were left; nothing of them is changed but
// the project of examples that nobody has touched.

import { EXAMPLES, welcome } from './examples.js';
import { load, save } from './storage.js';

const TABS = 'graphiql:tabState';
const FILLED = 'tracegraph:examples'; // the variables that an example was last given, by its title

// Puts them where the editor looks for them; returns query and variables of the one to show.
export function prepareTabs(project, atHand, link) {
  const kept = load(TABS);
  const filled = load(FILLED) ?? {};
  const fresh = project ? EXAMPLES.map((each) => tab(each.query, each.variables(project, atHand))) : [tab(welcome, '')];
  let tabs = Array.isArray(kept?.tabs) && kept.tabs.length ? kept.tabs : null;
  let active = tabs ? Math.min(Math.max(Number(kept.activeTabIndex) || 0, 0), tabs.length - 1) : 0;
  if (tabs && project) {
    tabs = tabs.map((each) => retargeted(each, filled, project, atHand));
    if (tabs.every((each) => untouched(each.query))) {
      // Whoever has seen the welcome alone has nothing to lose.
      tabs = fresh;
      active = 0;
    }
  }
  tabs ??= fresh;
  if (project) {
    save(FILLED, Object.fromEntries(EXAMPLES.map((each) => [each.title, each.variables(project, atHand)])));
  }
  if (link) {
    const same = (each) => each.query === link.query && (each.variables ?? '') === (link.variables ?? '');
    active = tabs.findIndex(same);
    if (active < 0) {
      tabs = [...tabs, tab(link.query, link.variables, link.operationName)];
      active = tabs.length - 1;
    }
  }
  save(TABS, { tabs, activeTabIndex: active });
  return { query: tabs[active].query ?? '', variables: tabs[active].variables ?? '' };
}

function untouched(query) {
  return !query || query === welcome;
}

function retargeted(each, filled, project, atHand) {
  const example = EXAMPLES.find((other) => other.query === each.query);
  return example && each.variables === filled[example.title]
    ? { ...each, variables: example.variables(project, atHand) }
    : each;
}

function tab(query, variables, operationName = null) {
  const name = operationName ?? /^(?!#).*(?:query|subscription|mutation)\s+([a-zA-Z0-9_]+)/m.exec(query)?.[1] ?? null;
  const id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  return {
    id,
    hash: null,
    title: name ?? '<untitled>',
    query,
    variables: variables ?? '',
    headers: null,
    operationName: name,
    response: null,
  };
}
