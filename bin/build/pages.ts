/** `npm run docs`: writes what is in docs/ and made of the program, the schema of `config.json`. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { publishedSchema } from '../../lib/config/published-schema.ts'

const projectDir = path.join(import.meta.dirname, '..', '..')
const schema = path.join('docs', 'config.schema.json')

writeFileSync(path.join(projectDir, schema), JSON.stringify(publishedSchema(), null, 2))
execFileSync('npx', ['--no-install', 'oxfmt', schema], { cwd: projectDir })
