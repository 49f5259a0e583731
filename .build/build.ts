/**
 * `npm run build [file]`: the program as one file, dist/bin/droid2api.js, with the packages that every run needs: one file is
 * read and compiled faster than two hundred, and holds less memory. Where env-schema asks for ajv it finds validators that
 * are compiled here.
 */
import { renameSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import standaloneCode from 'ajv/dist/standalone/index.js'
import { build, type Plugin } from 'esbuild'
import { environmentSchema } from '../lib/config/environment.ts'
import { fileSchema, type Schema } from '../lib/config/schema.ts'
import { ajvOptions } from '../lib/config/validate.ts'

const projectDir = path.join(import.meta.dirname, '..')

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
  // env-schema says so of every schema it is given
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
    bundle.onLoad({ filter: /\//, namespace: 'compiled' }, ({ path: name }) => ({
      contents: validators[path.posix.basename(name)],
      resolveDir: projectDir,
    }))
  },
}

const program = path.resolve(projectDir, process.argv[2] ?? 'dist/bin/droid2api.js')

await build({
  absWorkingDir: projectDir,
  entryPoints: ['bin/droid2api.ts'],
  outfile: `${program}.new`,
  bundle: true,
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // loaded only where they are asked for
  external: ['@redis/client'],
  plugins: [compiledAjv],
  // http-proxy-3 would ask the system for it with each request (lib/transparent/proxy.ts takes it away anyway)
  define: { 'process.env.FORCE_FETCH_PATH': 'undefined' },
  // packages in CommonJS require what Node has built in
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  logLevel: 'warning',
})

// in one step: somebody may be starting the one that is there
renameSync(`${program}.new`, program)
