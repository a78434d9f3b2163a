import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './page.css';

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { ToolbarButton, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';

import { EXAMPLES, linked } from './examples.js';
import { fetcher } from './fetcher.js';
import { examplesPlugin, ProjectPicker } from './Panel.jsx';
import { chooseProject, lookAround } from './project.js';
import { storage } from './storage.js';
import { prepareTabs } from './tabs.js';

// A link to the page may carry an operation (?query=...&variables=...&operationName=...), or a project (?project=...)
// and a call (&call=...) or an object (&object=...&version=...&kind=op) of it.
const address = new URLSearchParams(window.location.search);
const { slugs, project } = await chooseProject(address.get('project'));
const atHand = project ? await lookAround(project) : null;
const link = linked(address, project);
const shown = prepareTabs(project, atHand, link);
const runs = link ? link.own : Boolean(atHand) && EXAMPLES.some((each) => each.query === shown.query);

if (project) {
  document.title = `${project} · Tracegraph`;
}
// The tab stays without it; loading the page again must not bring back what was edited since, nor open it twice.
window.history.replaceState(null, '', project ? `?${new URLSearchParams({ project })}` : window.location.pathname);

const examples = examplesPlugin(atHand, project);
const plugins = [HISTORY_PLUGIN, explorerPlugin(), examples];

// Runs the operation that the page opens with, once; never a subscription, and never what a link brought.
function RunFirst() {
  const { run } = useGraphiQLActions();
  const ready = useGraphiQL(
    ({ queryEditor, responseEditor, variableEditor, schema }) =>
      Boolean(queryEditor && responseEditor && variableEditor && schema),
  );
  const done = useRef(false);
  useEffect(() => {
    if (ready && !done.current && runs && !/^subscription/m.test(shown.query)) {
      done.current = true;
      run();
    }
  }, [ready, run]);
  return null;
}

function CopyLink() {
  const editors = useGraphiQL(({ queryEditor, variableEditor }) => ({ queryEditor, variableEditor }));
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    const parameters = new URLSearchParams({ query: editors.queryEditor.getValue() });
    const variables = editors.variableEditor?.getValue().trim();
    if (variables) {
      parameters.set('variables', variables);
    }
    await navigator.clipboard.writeText(`${window.location.origin}${window.location.pathname}?${parameters}`);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <ToolbarButton onClick={copy} label={copied ? 'Copied' : 'Copy a link to this operation'}>
      <LinkIcon className="graphiql-toolbar-icon" aria-hidden="true" />
    </ToolbarButton>
  );
}

function LinkIcon(props) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" {...props}>
      <path d="M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.7 1.7" />
      <path d="M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.7-1.7" />
    </svg>
  );
}

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    plugins={plugins}
    visiblePlugin={atHand ? undefined : examples}
    initialQuery={shown.query}
    initialVariables={shown.variables}
    defaultEditorToolsVisibility
    shouldPersistHeaders={false}
  >
    <GraphiQL.Logo>{project ? <ProjectPicker slugs={slugs} project={project} /> : 'Tracegraph'}</GraphiQL.Logo>
    <GraphiQL.Toolbar>
      {({ prettify, copy, merge }) => (
        <>
          {prettify}
          {merge}
          {copy}
          <CopyLink />
        </>
      )}
    </GraphiQL.Toolbar>
    <RunFirst />
  </GraphiQL>,
);
