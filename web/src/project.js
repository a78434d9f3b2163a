// The project at hand, and what of it the examples are about.

import { ask } from './fetcher.js';
import { load, save } from './storage.js';

const REMEMBERED = 'tracegraph:project';

const PROJECTS = `query Projects {
  projects(first: 200, orderBy: { field: "createdAt", direction: DESC }) {
    nodes {
      slug
    }
  }
}`;

const AT_HAND = `query AtHand($project: String!) {
  project(slug: $project) {
    calls(first: 30, filter: { isRoot: true }, orderBy: [{ field: "startedAt", direction: DESC }]) {
      nodes {
        callId
        children(first: 1) {
          totalCount
        }
      }
    }
    objectVersions(
      first: 200
      filter: { latestOnly: true }
      orderBy: [{ field: "created_at", direction: DESC }]
    ) {
      nodes {
        objectId
        kind
        versionIndex
      }
    }
    experiments(first: 2) {
      nodes {
        experimentId
      }
    }
  }
}`;

// Slugs of the server's projects, and the one at hand: that of the address, else the last one, else the youngest. Null
// where there is none.
export async function chooseProject(given) {
  const slugs = ((await ask(PROJECTS))?.projects?.nodes ?? []).map((project) => project.slug);
  const last = load(REMEMBERED);
  const chosen = given || (typeof last === 'string' && (slugs.length === 0 || slugs.includes(last)) && last) || slugs[0];
  if (!chosen) {
    return { slugs, project: null };
  }
  save(REMEMBERED, chosen);
  return { slugs: [...new Set([...slugs, chosen])].sort(), project: chosen };
}

// A call with a tree worth looking at, an object with versions to compare, and the two newest experiments, of which one
// may stand for both. Null where nothing was written.
export async function lookAround(project) {
  const found = (await ask(AT_HAND, { project }))?.project;
  if (!found) {
    return null;
  }
  const weight = (root) => Number(root.children.totalCount);
  const order = (version) => (version.kind === 'OBJECT' ? 1000000 : 0) + Number(version.versionIndex);
  const [newer, older = newer] = found.experiments.nodes.map((experiment) => experiment.experimentId);
  return {
    newExperimentId: newer ?? '',
    oldExperimentId: older ?? '',
    callId: best(found.calls.nodes, weight)?.callId ?? '',
    objectId: best(found.objectVersions.nodes, order)?.objectId ?? '',
  };
}

// The first of those with the highest measure.
function best(list, measure) {
  return list.reduce((one, other) => (one && measure(one) >= measure(other) ? one : other), null);
}

export function open(project) {
  window.location.search = `?${new URLSearchParams({ project })}`;
}
