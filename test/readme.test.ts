/** The READMEs: what they show must work, and both must say the same. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { runProgram } from './helpers/program.ts'

const packageDir = path.join(import.meta.dirname, '..')
const readmes = ['README.md', 'README.zh-CN.md']

function blocksOf(readme: string): string[] {
  const text = readFileSync(path.join(packageDir, readme), 'utf8')
  return [...text.matchAll(/```\w*\n([\s\S]*?)```/g)].map(([, block]) => block!)
}

/** The requests that the curl lines of a README make. */
function curlsOf(readme: string): { path: string; body: string | undefined }[] {
  return blocksOf(readme)
    .filter((block) => block.startsWith('curl'))
    .map((block) => ({
      path: /localhost:3000(\S*)/.exec(block)![1]!,
      body: /-d '([^']+)'/.exec(block)?.[1],
    }))
}

test('every curl line of the README is answered by the demo', async (t) => {
  const program = runProgram(t, {
    args: ['demo'],
    config: readFileSync(path.join(packageDir, 'config.json'), 'utf8'),
    env: { PORT: '0' },
  })
  const url = await program.url()
  const requests = curlsOf('README.md')
  assert.ok(requests.length >= 5)

  for (const { path: route, body } of requests) {
    const answer = await fetch(url + route, {
      headers: { 'content-type': 'application/json' },
      ...(body && { method: 'POST', body }),
    })
    assert.equal(answer.status, 200, `${route}: ${await answer.text()}`)
  }
})

test('both READMEs show the same commands, outputs and settings', () => {
  const [english, chinese] = readmes.map((readme) =>
    blocksOf(readme).filter((block) => !/[─→]|^bin\//.test(block)),
  )

  assert.deepEqual(chinese, english)
})

for (const readme of readmes) {
  test(`the map of ${readme} names what is there`, () => {
    const map = blocksOf(readme).find((block) => block.startsWith('bin/droid2api.ts'))!
    const places = map.split('\n').flatMap((line) => line.split(/\s/)[0] || [])

    assert.deepEqual(
      places.filter((place) => !existsSync(path.join(packageDir, place))),
      [],
    )
  })
}
