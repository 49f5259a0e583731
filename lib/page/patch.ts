/**
 * Brings what the browser shows to a new tree, by as few changes as there are: what stays the same stays the very element, so
 * that a poll takes neither the focus nor a selection nor what is folded open. It begins with what the server wrote.
 */
import type { Element as Wanted, Node as WantedNode } from './node.ts'

const svg = 'http://www.w3.org/2000/svg'

/** Not of the tree: what the reader folded open or typed, and what a button says for a moment. */
const ownOfBrowser = new Set(['open', 'value', 'data-said'])

const keys = new WeakMap<Node, string>()

export function patch(element: Element, wanted: Wanted): void {
  patchAttributes(element, wanted)
  if (wanted.key !== undefined) keys.set(element, wanted.key)
  patchChildren(element, wanted.children)
}

function patchAttributes(element: Element, { attributes }: Wanted): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (ownOfBrowser.has(name) || element.getAttribute(name) === value) continue
    element.setAttribute(name, value)
  }
  for (const name of element.getAttributeNames()) {
    if (!ownOfBrowser.has(name) && !Object.hasOwn(attributes, name)) element.removeAttribute(name)
  }
}

function patchChildren(parent: Element, wanted: readonly WantedNode[]): void {
  const byKey = keptByKey(parent, wanted)
  let next = parent.firstChild
  for (const one of wanted) {
    const key = typeof one === 'string' ? undefined : one.key
    const known = key === undefined ? undefined : byKey.get(key)
    // what has a key of its own is not made into something else
    const here = known ?? (next && !isOfOther(next, key) ? next : undefined)
    const node = matching(here, one) ?? made(one, parent)
    if (node === next) next = next.nextSibling
    else parent.insertBefore(node, next)
  }
  while (next) {
    const after: ChildNode | null = next.nextSibling
    next.remove()
    next = after
  }
}

/** The children with a key that is still wanted. The others go first: an element that is moved loses the focus. */
function keptByKey(parent: Element, wanted: readonly WantedNode[]): Map<string, ChildNode> {
  const wantedKeys = new Set(wanted.map((one) => (typeof one === 'string' ? undefined : one.key)))
  const byKey = new Map<string, ChildNode>()
  for (const child of Array.from(parent.childNodes)) {
    const key = keys.get(child)
    if (key === undefined) continue
    if (wantedKeys.has(key)) byKey.set(key, child)
    else child.remove()
  }
  return byKey
}

function isOfOther(node: Node, key: string | undefined): boolean {
  const own = keys.get(node)
  return own !== undefined && own !== key
}

/** The node, brought to what is wanted; undefined where it is of another kind. */
function matching(node: ChildNode | undefined, wanted: WantedNode): ChildNode | undefined {
  if (!node) return undefined
  if (typeof wanted === 'string') {
    if (node.nodeType !== Node.TEXT_NODE) return undefined
    if (node.nodeValue !== wanted) node.nodeValue = wanted
    return node
  }
  if (!(node instanceof Element) || node.localName !== wanted.tag) return undefined
  patch(node, wanted)
  return node
}

function made(wanted: WantedNode, parent: Element): ChildNode {
  if (typeof wanted === 'string') return document.createTextNode(wanted)
  const isSvg =
    wanted.tag === 'svg' || (parent.namespaceURI === svg && parent.localName !== 'foreignObject')
  const element = isSvg
    ? document.createElementNS(svg, wanted.tag)
    : document.createElement(wanted.tag)
  for (const [name, value] of Object.entries(wanted.attributes)) element.setAttribute(name, value)
  if (wanted.key !== undefined) keys.set(element, wanted.key)
  for (const child of wanted.children) element.append(made(child, element))
  return element
}
