/** What the docker commands of the pages name: a compose file, an image, a Dockerfile, checked without Docker. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import type { Sandbox } from './sandbox.ts'

interface Service {
  build?: string
  image: string
  profiles?: string[]
  env_file?: string
  ports?: string[]
  volumes?: string[]
  extra_hosts?: string[]
  read_only?: boolean
  cap_drop?: string[]
  mem_limit?: string
  restart?: string
  stop_grace_period?: string
  depends_on?: Record<string, unknown>
  environment?: Record<string, string>
}

interface Compose {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}

const flags = new Set(['up', '-d', 'logs', '-f', '--profile'])

/** That every `docker compose` of the sandbox names what docker-compose.yml has, and that this holds what the page says. */
export function checkCompose({ dir, calls }: Sandbox, profile: string): void {
  const { services, volumes } = parse(
    readFileSync(path.join(dir, 'docker-compose.yml'), 'utf8'),
  ) as Compose
  const words = calls().map(({ name, args: [command, ...args] }) => {
    assert.equal(`${name} ${command}`, 'docker compose')
    return args.filter((word) => !flags.has(word))
  })
  assert.ok(words.length > 0)
  for (const [word = ''] of words) assert.equal(word, profile)

  const { droid2api: proxy, ...others } = services
  assert.ok(proxy?.build && existsSync(path.join(dir, proxy.build, 'Dockerfile')))
  assert.ok(proxy.env_file && existsSync(path.join(dir, proxy.env_file)))
  for (const port of proxy.ports ?? []) assert.match(port, /^127\.0\.0\.1:/)
  for (const volume of proxy.volumes ?? []) {
    assert.ok(Object.keys(volumes).includes(volume.split(':')[0] ?? ''), volume)
  }
  assert.ok(proxy.read_only && proxy.cap_drop?.includes('ALL') && proxy.mem_limit)
  assert.ok(proxy.restart && proxy.stop_grace_period)
  // where the page has model servers of this machine
  assert.deepEqual(proxy.extra_hosts, ['host.docker.internal:host-gateway'])
  const profiles = Object.values(others).flatMap((service) => service.profiles ?? [])
  if (profile) assert.ok(profiles.includes(profile))
  for (const { depends_on: needed = {}, environment = {} } of Object.values(others)) {
    assert.ok('droid2api' in needed)
    assert.match(environment.OPENAI_BASE_URL ?? '', /^http:\/\/droid2api:.*\/v1$/)
  }
}

/** That an image is built from what is there, and that the one that is run is that one, reachable from this machine alone. */
export function checkDockerRun({ dir, calls }: Sandbox): void {
  const [build, run] = calls().map(({ args }) => args)
  assert.ok(build && run)
  const [, , tag, context] = build
  assert.deepEqual(build, ['build', '-t', tag, context])
  const dockerfile = readFileSync(path.join(dir, context!, 'Dockerfile'), 'utf8')
  for (const [, sources] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
    for (const file of sources!.split(' ')) assert.ok(existsSync(path.join(dir, file)), file)
  }
  assert.equal(run[0], 'run')
  assert.equal(run.at(-1), tag)
  assert.match(run[run.indexOf('-p') + 1]!, /^127\.0\.0\.1:3000:3000$/)
  assert.match(run[run.indexOf('-v') + 1]!, /^droid2api:\/app\/data$/)
  assert.match(dockerfile, /^VOLUME \/app\/data$/m)
}
