// Drawing. Names and reasons were written by others, jobs among them: they become text and attributes
// here, never markup.

const at = (id) => document.getElementById(id);

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
  return node;
}

function make(space, name, attributes, children) {
  const node = set(document.createElementNS(space, name), attributes);
  node.append(...children.flat(2).filter((child) => child !== null));
  return node;
}
const el = (name, attributes = {}, ...children) =>
  make('http://www.w3.org/1999/xhtml', name, attributes, children);
const svg = (name, attributes = {}, ...children) =>
  make('http://www.w3.org/2000/svg', name, attributes, children);

// Draws anew only what has changed: selections, focus and open details stay.
const drawn = new WeakMap();
function fill(node, value, draw) {
  const key = JSON.stringify(value) ?? '';
  if (drawn.get(node) === key) return;
  drawn.set(node, key);
  node.replaceChildren(...[draw(value)].flat().filter((child) => child !== null));
}
const say = (node, text) => fill(node, text, () => text);
