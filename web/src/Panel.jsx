// The panel of examples: the project at hand, operations on it, and how to record something.

import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';

import { EXAMPLES } from './examples.js';
import { open } from './project.js';

export function ProjectPicker({ slugs, project }) {
  return (
    <label className="tracegraph-project">
      <span>Project</span>
      <select value={project} onChange={(event) => open(event.target.value)} aria-label="Project">
        {slugs.map((slug) => (
          <option key={slug}>{slug}</option>
        ))}
      </select>
    </label>
  );
}

function Icon(props) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" {...props}>
      <path d="M5 4v11a3 3 0 0 0 3 3h4M5 9h7" />
      <circle cx="16" cy="9" r="3" />
      <circle cx="16" cy="18" r="3" />
    </svg>
  );
}

export function examplesPlugin(atHand, project) {
  return { title: 'Examples', icon: Icon, content: () => <Examples atHand={atHand} project={project} /> };
}

function Examples({ atHand, project }) {
  const { addTab } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL((state) => ({
    queryEditor: state.queryEditor,
    variableEditor: state.variableEditor,
  }));
  const show = (example) => {
    addTab();
    queryEditor.setValue(example.query);
    variableEditor.setValue(example.variables(project, atHand));
    queryEditor.focus();
  };
  return (
    <section className="tracegraph-examples" aria-label="Examples">
      <header className="graphiql-doc-explorer-title">{project ? 'Examples' : 'Welcome'}</header>
      {project && atHand && (
        <>
          <p>
            On <strong>{project}</strong>; each opens in a tab of its own.
          </p>
          <ul>
            {EXAMPLES.map((example) => (
              <li key={example.title}>
                <button type="button" className="graphiql-un-styled" onClick={() => show(example)}>
                  <strong>{example.title}</strong>
                  <span>{example.about}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {project && !atHand && (
        <p>
          Nothing was written to <strong>{project}</strong> yet.
        </p>
      )}
      <h3>Record something</h3>
      <p>Traces to look at, made up:</p>
      <pre>{project && !atHand ? `tracegraph demo --project ${project}` : 'tracegraph demo'}</pre>
      <p>A program of your own, with Weave&rsquo;s SDK:</p>
      <pre>{program(project)}</pre>
    </section>
  );
}

function program(project) {
  const origin = window.location.origin;
  return `pip install weave
export WF_TRACE_SERVER_URL=${origin}
export WANDB_BASE_URL=${origin}
export WANDB_API_KEY=${'0'.repeat(40)}
python - <<'END'
import weave

weave.init("${project ?? 'team/project'}")

@weave.op
def greet(name: str) -> str:
    return f"hello {name}"

greet("Ada")
END`;
}
