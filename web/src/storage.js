// Where the page keeps things: the browser's storage, or memory where that is closed to us.

const memory = new Map();

const inMemory = {
  getItem: (key) => memory.get(key) ?? null,
  setItem: (key, value) => memory.set(key, value),
  removeItem: (key) => memory.delete(key),
  clear: () => memory.clear(),
  get length() {
    return memory.size;
  },
};

function available() {
  try {
    const local = window.localStorage;
    local.setItem('tracegraph:probe', '1');
    local.removeItem('tracegraph:probe');
    const ours = () => Object.keys(local).filter((key) => /^(graphiql|tracegraph):/.test(key));
    return {
      getItem: (key) => local.getItem(key),
      setItem: (key, value) => local.setItem(key, value),
      removeItem: (key) => local.removeItem(key),
      clear: () => ours().forEach((key) => local.removeItem(key)),
      get length() {
        return ours().length;
      },
    };
  } catch {
    return inMemory;
  }
}

export const storage = available();

export function load(key) {
  try {
    return JSON.parse(storage.getItem(key));
  } catch {
    return null;
  }
}

export function save(key, value) {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // A full storage costs the memory of what was open, no more.
  }
}
