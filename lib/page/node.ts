/**
 * The page as a tree of plain values, and that tree as HTML. Whatever comes from data is a text or the value of an attribute
 * here, never HTML: `toHtml` escapes it for the server, and `lib/page/patch.ts` makes text nodes of it in the browser.
 */

export interface Element {
  tag: string
  attributes: Record<string, string>
  children: Node[]
  /** the same thing on the next look, wherever it stands among its siblings */
  key: string | undefined
}

export type Node = Element | string

/** What may be written as a child: nothing, one, or lists of them. */
export type Child = Node | number | false | null | undefined | Child[]

/** `true`: the attribute without a value; `false`, null and undefined: no attribute. */
export type Attributes = Record<string, string | number | boolean | null | undefined>

/** An element. Texts that stand beside each other become one, as they are when HTML is read. */
export function h(tag: string, attributes: Attributes = {}, ...content: Child[]): Element {
  const { key, ...rest } = attributes
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(rest)) {
    if (value === false || value === null || value === undefined) continue
    given[name] = value === true ? '' : String(value)
  }
  const children: Node[] = []
  collect(content, children)
  return { tag, attributes: given, children, key: key === undefined ? undefined : String(key) }
}

function collect(content: Child[], into: Node[]): void {
  for (const child of content) {
    if (Array.isArray(child)) collect(child, into)
    else if (child !== false && child !== null && child !== undefined && child !== '') {
      const last = into.at(-1)
      if (typeof child === 'object') into.push(child)
      else if (typeof last === 'string') into[into.length - 1] = last + String(child)
      else into.push(String(child))
    }
  }
}

const withoutEnd = new Set(['br', 'hr', 'input', 'link', 'meta'])

export function toHtml(node: Node): string {
  if (typeof node === 'string') return escaped(node)
  const { tag, attributes, children } = node
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`)
  const start = `<${tag}${written.join('')}>`
  return withoutEnd.has(tag) ? start : `${start}${children.map(toHtml).join('')}</${tag}>`
}

const named: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** HTML cannot hold NUL. */
function escaped(text: string): string {
  return text.replaceAll('\0', '\uFFFD').replace(/[&<>"']/g, (character) => named[character]!)
}
