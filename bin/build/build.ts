/**
 * `npm run build`: the program as one file, dist/bin/main.cjs, with all that it runs. Where env-schema asks for ajv it finds
 * validators that are compiled here. Users start dist/bin/droid2api.js in front of it, which any Node understands. The status
 * page is dist/page: its style sheet, and the script that the browser runs and that the program loads at the first visit.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import standaloneCode from 'ajv/dist/standalone/index.js'
import { build, type Plugin } from 'esbuild'
import { environmentSchema } from '../../lib/config/environment.ts'
import type { Schema } from '../../lib/config/schema-type.ts'
import { fileSchema } from '../../lib/config/schema.ts'
import { ajvOptions } from '../../lib/config/validate.ts'

const projectDir = path.join(import.meta.dirname, '..', '..')

const validators = {
  [environmentSchema.$id!]: validatorCode(environmentSchema, true),
  [fileSchema.$id!]: validatorCode(fileSchema, false),
}

/** The validator of a schema as the source of a CommonJS module; with the options that env-schema gives to ajv. */
function validatorCode(schema: Schema, coerceTypes: boolean): string {
  const ajv = new Ajv({
    allErrors: true,
    useDefaults: true,
    allowUnionTypes: true,
    ...ajvOptions(coerceTypes),
    code: { source: true },
  })
  // env-schema adds that to every schema it is given
  return standaloneCode.default(ajv, ajv.compile({ ...schema, additionalProperties: false }))
}

const compiledAjv: Plugin = {
  name: 'compiled-ajv',
  setup(bundle) {
    bundle.onResolve({ filter: /^ajv$/ }, () => ({
      path: path.join(import.meta.dirname, 'ajv.cjs'),
    }))
    bundle.onResolve({ filter: /^compiled-validators/ }, ({ path: name }) => ({
      path: name,
      namespace: 'compiled',
    }))
    bundle.onLoad({ filter: /^compiled-validators$/, namespace: 'compiled' }, () => {
      const members = Object.keys(validators).map(
        (name) => `${name}: require('compiled-validators/${name}')`,
      )
      return { contents: `module.exports = { ${members.join(', ')} }`, resolveDir: projectDir }
    })
    bundle.onLoad({ filter: /\//, namespace: 'compiled' }, ({ path: name }) => {
      const contents = validators[path.posix.basename(name)]
      return contents === undefined ? undefined : { contents, resolveDir: projectDir }
    })
  },
}

/**
 * Packages load these, but nothing here uses them: no request follows redirects, the log needs no thread of its own, and
 * http-proxy-3 opens no server. What Node has built in for the last two takes 0.4 MB once it is loaded.
 */
const withoutUnused: Plugin = {
  name: 'without-unused',
  setup(bundle) {
    const unused = /[\\/]node_modules[\\/](?:follow-redirects|thread-stream)[\\/]index\.js$/
    bundle.onLoad({ filter: unused }, () => ({ contents: 'module.exports = {}' }))
    bundle.onResolve({ filter: /^(?:node:http2|worker_threads)$/ }, ({ path: name }) => ({
      path: name,
      namespace: 'unused',
    }))
    bundle.onLoad({ filter: /./, namespace: 'unused' }, () => ({
      contents: 'exports.isMainThread = true',
    }))
  },
}

const binDir = path.join(projectDir, 'dist', 'bin')
const pageDir = path.join(projectDir, 'dist', 'page')

/** In one step: somebody may be starting what is there. */
function put(name: string, write: (file: string) => void, dir = binDir): void {
  const file = path.join(dir, name)
  write(`${file}.new`)
  renameSync(`${file}.new`, file)
}

/** It ends with a message where Node is too old, else it runs main.cjs. */
function launcher(): string {
  const [check, load] = ['check-node.cjs', 'load-program.cjs'].map((name) =>
    readFileSync(path.join(import.meta.dirname, name), 'utf8'),
  )
  const run = `compileProgram(__dirname, '${hash}').runInThisContext()`
  return `#!/usr/bin/env node\n${check}\n${load}\n${run}(exports, require, module, __filename, __dirname)\n`
}

mkdirSync(binDir, { recursive: true })
const bundle = path.join(binDir, 'main.cjs.new')

await build({
  absWorkingDir: projectDir,
  entryPoints: ['bin/droid2api.ts'],
  outfile: bundle,
  bundle: true,
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // loaded only where they are asked for
  external: ['@redis/client'],
  plugins: [compiledAjv, withoutUnused],
  // http-proxy-3 would ask the system for it with each request (lib/same-api/proxy.ts takes it away anyway)
  define: {
    'process.env.FORCE_FETCH_PATH': 'undefined',
    'import.meta.dirname': '__dirname',
  },
  // the value of the script, for load-program.cjs
  banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
  footer: { js: '})' },
  logLevel: 'warning',
})

// a script can import nothing by itself: on Node 20, code that was kept has lost who does it (Node 20.20, tried 2026-11)
const importer = 'import.cjs'
writeFileSync(
  bundle,
  readFileSync(bundle, 'utf8').replaceAll(/(?<![\w$.])import\(/g, `require("./${importer}")(`),
)
put(importer, (file) => {
  writeFileSync(file, 'module.exports = function (name) { return import(name) }\n')
})

const hash = createHash('sha256').update(readFileSync(bundle)).digest('hex').slice(0, 16)
// nobody who starts now may find the code of another program
for (const name of readdirSync(binDir)) if (name.endsWith('.cache')) rmSync(path.join(binDir, name))
renameSync(bundle, path.join(binDir, 'main.cjs'))

/** By every browser of the last three years. */
const page = await build({
  absWorkingDir: projectDir,
  entryPoints: [
    { in: 'lib/page/main.ts', out: 'page' },
    { in: 'lib/page/page.css', out: 'page' },
  ],
  outdir: pageDir,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'chrome111', 'firefox114', 'safari16.4'],
  charset: 'utf8',
  write: false,
  logLevel: 'warning',
})
mkdirSync(pageDir, { recursive: true })
for (const { path: file, contents } of page.outputFiles) {
  put(path.basename(file), (place) => writeFileSync(place, contents), pageDir)
}

/** What a build of an older version left there `npm pack` would pack. Another build's unfinished files are its own. */
function clean(dir: string, made: readonly string[]): void {
  for (const name of readdirSync(dir)) {
    const isOurs = made.includes(name.replace(/\.new$/, '')) || name.includes('.cache')
    if (!isOurs) rmSync(path.join(dir, name), { recursive: true })
  }
}

clean(binDir, ['droid2api.js', importer, 'main.cjs', 'package.json'])
clean(
  pageDir,
  page.outputFiles.map(({ path: file }) => path.basename(file)),
)

put('package.json', (file) => writeFileSync(file, '{ "type": "commonjs" }\n'))
// the last, and so the newest: its age decides whether there is anything to build
put('droid2api.js', (file) => writeFileSync(file, launcher(), { mode: 0o755 }))
