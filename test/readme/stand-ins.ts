/**
 * What a test machine has not, or must not do for a test: programs of the same names that record their arguments, and do
 * as much of the work as can be done in a folder. Anything else that a page's commands name is the real thing.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Records name, arguments and the variables that point a client at the proxy, a JSON line each. */
const record = `#!/bin/sh
node -e '
  const [file, name, ...args] = process.argv.slice(1)
  const env = Object.entries(process.env).filter(([key]) => /^(ANTHROPIC|OPENAI|DROID2API)_/.test(key))
  const line = JSON.stringify({ name, args, env: Object.fromEntries(env) })
  require("node:fs").appendFileSync(file, line + "\\n")
' -- "$SANDBOX/calls" "$(basename "$0")" "$@"
`

/** /etc and /var are folders of the sandbox; all else runs as it is. */
const sudo = `${record}
for word; do
  shift
  case $word in /etc/* | /var/*) word=$SANDBOX$word ;; esac
  set -- "$@" "$word"
done
exec "$@"
`

/** There is no registry: what is installed already is linked in. Everything else is for the real npm. */
const npm = `#!/bin/sh
case "$*" in
  ci | 'ci --include=dev') rm -rf node_modules && exec ln -s "$MODULES" node_modules ;;
  'install --global '*.tgz) ;;
  'install @redis/client@6' | 'uninstall --global droid2api') exit 0 ;;
  *) exec "$REAL_NPM" "$@" ;;
esac
installed=$SANDBOX/usr/local/lib/node_modules/droid2api
mkdir -p "$installed" "$SANDBOX/usr/local/bin"
tar -xzf "$3" -C "$installed" --strip-components=1
ln -s "$MODULES" "$installed/node_modules"
ln -s "$installed/dist/bin/droid2api.js" "$SANDBOX/usr/local/bin/droid2api"
`

const npx = `#!/bin/sh
npm install --global "$1" && shift && exec droid2api "$@"
`

const programs: Record<string, string> = {
  ...Object.fromEntries(
    ['claude', 'codex', 'docker', 'git', 'journalctl', 'kubectl', 'sudoedit', 'systemctl'].map(
      (name) => [name, record],
    ),
  ),
  sudo,
  npm,
  npx,
}

/** One run of a stand-in that records. */
export interface StandInCall {
  name: string
  args: string[]
  env: Record<string, string>
}

/** Writes the programs into a folder for PATH. */
export function writeStandIns(dir: string): void {
  mkdirSync(dir, { recursive: true })
  for (const [name, script] of Object.entries(programs)) {
    const file = path.join(dir, name)
    writeFileSync(file, script)
    chmodSync(file, 0o755)
  }
}
