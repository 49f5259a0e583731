/**
 * The shape of the tree: what imports what, and how large files and functions are. Read with TypeScript's own parser, so
 * `import type` counts as any other import. Each bound is what the tree has reached; lower it when the tree betters it.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { before, test } from 'node:test'
import { isFunctionLikeDeclaration, isStringLiteral } from 'typescript/unstable/ast/is'
import type { Node, SourceFile } from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'

const bounds = {
  filesInCircles: 0,
  foldersWithCircles: 0,
  importsOfLibFromPipelines: 0,
  filesLooseInLib: 6,
  filesUnder20Lines: 12,
  filesOver300Lines: 0,
  functionsOver60Lines: 0,
}

const root = path.join(import.meta.dirname, '..')

interface File {
  lines: number
  /** files of ours, from the root */
  imports: string[]
  /** `NAME (N lines)` */
  longFunctions: string[]
}

/** By path from the root, with `/`: all of `bin`, `lib` and `pipelines`. */
const files = new Map<string, File>()

before(() => {
  const api = new API({ cwd: root })
  try {
    const snapshot = api.updateSnapshot({ openProjects: [path.join(root, 'tsconfig.json')] })
    const { program, rootFiles } = snapshot.getProjects()[0]!
    for (const name of rootFiles) files.set(fromRoot(name), fileOf(program.getSourceFile(name)!))
  } finally {
    api.close()
  }
})

test('the parser finds files, imports and circles', () => {
  const imports = [...files.values()].flatMap((file) => file.imports)
  assert.ok(files.size > 100 && imports.length > files.size)
  assert.ok(imports.every((name) => files.has(name)))
  const edges = new Map([
    ['a', ['b']],
    ['b', ['c', 'a']],
    ['c', []],
  ])
  assert.deepEqual(circlesOf(edges), [['a', 'b']])
})

test('no files import each other in a circle', () => {
  const circles = circlesOf(new Map([...files].map(([name, { imports }]) => [name, imports])))
  const offenders = circles.map((circle) => circle.join(', '))
  const inCircles = circles.flat().length
  assert.ok(inCircles <= bounds.filesInCircles, report('files in circles', inCircles, offenders))
})

test('at every level of the tree, what lies in a folder imports in one direction only', () => {
  const folders = new Set([...files.keys()].flatMap(ancestorsOf))
  const offenders = [...folders].toSorted().flatMap(circlesIn)
  const bound = bounds.foldersWithCircles
  assert.ok(offenders.length <= bound, report('circles', offenders.length, offenders))
})

test('pipelines imports nothing of lib', () => {
  const offenders = [...files]
    .filter(([name]) => name.startsWith('pipelines/'))
    .flatMap(([name, { imports }]) =>
      imports.filter((target) => target.startsWith('lib/')).map((target) => `${name} → ${target}`),
    )
  const bound = bounds.importsOfLibFromPipelines
  assert.ok(offenders.length <= bound, report('imports', offenders.length, offenders))
})

test('between clients and providers stands only what is neutral, and one file knows both', () => {
  const sideOf = (name: string) => /^pipelines\/(clients|providers)\//.exec(name)?.[1]
  const sidesOf = (name: string) =>
    new Set([name, ...files.get(name)!.imports].flatMap((one) => sideOf(one) ?? []))
  const offenders = [...files.keys()].filter((name) => sidesOf(name).size > 1).toSorted()

  assert.deepEqual(offenders, ['pipelines/index.ts'])
})

test('few files lie loose in lib', () => {
  const loose = [...files.keys()].filter((name) => path.dirname(name) === 'lib')
  assert.ok(loose.length <= bounds.filesLooseInLib, report('files', loose.length, loose))
})

test('files hold enough to be worth opening', () => {
  const short = [...files].filter(([, { lines }]) => lines < 20).map(withLines)
  assert.ok(short.length <= bounds.filesUnder20Lines, report('short files', short.length, short))
})

test('files are short enough to be read', () => {
  const long = [...files].filter(([, { lines }]) => lines > 300).map(withLines)
  assert.ok(long.length <= bounds.filesOver300Lines, report('long files', long.length, long))
})

test('comments and pages name files that are there', () => {
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => /^(?:bin|docs|lib|pipelines|test)\/|^[^/]*\.(?:md|json)$/.test(name))
  const mentions = sources
    .filter((name) => /^(?:bin|docs|lib|pipelines)\/.*\.(?:ts|md)$/.test(name))
    .flatMap((name) =>
      Array.from(
        readFileSync(path.join(root, name), 'utf8').matchAll(/`([\w./-]+\.(?:ts|md))`/g),
        ([, named]) => ({ name, named: named! }),
      ),
    )
    .filter(({ named }) => !named.includes('NAME'))
  const lost = mentions
    .filter(({ named }) => !sources.some((one) => one === named || one.endsWith(`/${named}`)))
    .map(({ name, named }) => `${name}: ${named}`)

  assert.ok(mentions.length > 20)
  assert.deepEqual(lost, [])
})

test('functions are short enough to be read', () => {
  const long = [...files].flatMap(([name, { longFunctions }]) =>
    longFunctions.map((one) => `${name}: ${one}`),
  )
  assert.ok(long.length <= bounds.functionsOver60Lines, report('functions', long.length, long))
})

function report(what: string, count: number, offenders: string[]): string {
  return `${count} ${what}:\n  ${offenders.join('\n  ')}`
}

function withLines([name, { lines }]: [string, File]): string {
  return `${name} (${lines} lines)`
}

function fileOf(source: SourceFile): File {
  const folder = path.dirname(source.fileName)
  return {
    lines: readFileSync(source.fileName, 'utf8').trimEnd().split('\n').length,
    imports: source.imports
      .filter(isStringLiteral)
      .filter(({ text }) => text.startsWith('.'))
      .map(({ text }) => fromRoot(path.resolve(folder, text)))
      .filter((name) => name.endsWith('.ts')),
    longFunctions: longFunctionsIn(source),
  }
}

function longFunctionsIn(source: SourceFile): string[] {
  const found: string[] = []
  const visit = (node: Node): void => {
    if (isFunctionLikeDeclaration(node)) {
      const text = withoutComments(source.text.slice(node.pos, node.end))
      const lines = text.split('\n').length
      if (lines > 60) found.push(`${text.split('\n', 1)[0]} (${lines} lines)`)
    }
    node.forEachChild(visit)
  }
  source.forEachChild(visit)
  return found
}

/** Without what stands in front of the node itself. */
function withoutComments(text: string): string {
  return text.replace(/^(?:\s|\/\*[^]*?\*\/|\/\/.*)+/, '')
}

function fromRoot(file: string): string {
  return path.relative(root, file).split(path.sep).join('/')
}

/** `lib/a/b.ts` → `''`, `lib`, `lib/a` */
function ancestorsOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1)
  return ['', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))]
}

/** The circles among the files and folders that lie directly in `folder`. */
function circlesIn(folder: string): string[] {
  const prefix = folder === '' ? '' : `${folder}/`
  const childOf = (name: string) => name.slice(prefix.length).split('/', 1)[0]!
  const children = new Map<string, string[]>()
  const examples = new Map<string, string>()
  for (const [name, { imports }] of files) {
    if (!name.startsWith(prefix)) continue
    const from = childOf(name)
    const targets = children.get(from) ?? []
    children.set(from, targets)
    for (const target of imports) {
      if (!target.startsWith(prefix) || childOf(target) === from) continue
      targets.push(childOf(target))
      examples.set(`${from} ${childOf(target)}`, `${name} → ${target}`)
    }
  }
  return circlesOf(children).map((circle) => {
    const edges = circle
      .flatMap((from) => circle.map((to) => examples.get(`${from} ${to}`)))
      .filter((edge) => edge !== undefined)
    return `${folder || '(root)'}: ${circle.join(', ')}\n    ${edges.join('\n    ')}`
  })
}

/** Groups of nodes that reach each other, two or more each, and nodes that reach themselves directly. */
function circlesOf(edges: Map<string, string[]>): string[][] {
  const reached = new Map([...edges.keys()].map((node) => [node, reachableFrom(node, edges)]))
  const seen = new Set<string>()
  const circles: string[][] = []
  for (const [node, targets] of reached) {
    if (seen.has(node) || !targets.has(node)) continue
    const circle = [...targets].filter((other) => reached.get(other)?.has(node))
    for (const member of circle) seen.add(member)
    circles.push(circle.toSorted())
  }
  return circles
}

/** Without `start` itself, unless a way leads back to it. */
function reachableFrom(start: string, edges: Map<string, string[]>): Set<string> {
  const reached = new Set<string>()
  const waiting = [...(edges.get(start) ?? [])]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (reached.has(node)) continue
    reached.add(node)
    waiting.push(...(edges.get(node) ?? []))
  }
  return reached
}
