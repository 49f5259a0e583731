/** The manifest for Kubernetes: what its API server would say of it, and what it promises. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Deployment, type IDeployment } from 'kubernetes-models/apps/v1'
import { Secret, Service, type ISecret, type IService } from 'kubernetes-models/v1'
import { parseAllDocuments } from 'yaml'
import { defaultTimeouts } from '../../lib/config/defaults.ts'
import { environmentSchema } from '../../lib/config/environment.ts'
import { match } from '../../lib/routes.ts'

const file = path.join(import.meta.dirname, '..', '..', 'deploy', 'kubernetes.yml')
const manifest = readFileSync(file, 'utf8')

interface Objects {
  Secret: ISecret
  Deployment: IDeployment
  Service: IService
}

/** By kind, one of each. */
function objectsIn(yaml: string): Objects {
  const objects = parseAllDocuments(yaml).map((document) => document.toJS() as { kind: string })
  return Object.fromEntries(objects.map((one) => [one.kind, one])) as unknown as Objects
}

/** What the schema of Kubernetes says against the objects. A key that it never asks for is one that it does not know. */
function faultsIn(yaml: string): string[] {
  const objects = objectsIn(yaml)
  return [
    ...faultsOf(objects.Secret, (one) => Secret.prototype.validate.call(one)),
    ...faultsOf(objects.Deployment, (one) => Deployment.prototype.validate.call(one)),
    ...faultsOf(objects.Service, (one) => Service.prototype.validate.call(one)),
  ]
}

function faultsOf(object: object, validate: (watched: object) => void): string[] {
  const unread = new Set<string>()
  const faults: string[] = []
  try {
    validate(watched(object, '', unread))
  } catch (error) {
    faults.push((error as Error).message)
  }
  return [...faults, ...[...unread].map((place) => `${place} is unknown`)]
}

/** The object, taking each key out of `unread` when somebody reads it. */
function watched<T extends object>(object: T, place: string, unread: Set<string>): T {
  for (const key of Object.keys(object)) unread.add(`${place}/${key}`)
  const members = new Map<PropertyKey, unknown>()
  return new Proxy(object, {
    get(target, key, receiver) {
      unread.delete(`${place}/${String(key)}`)
      const member: unknown = Reflect.get(target, key, receiver)
      if (typeof member !== 'object' || member === null) return member
      if (!members.has(key)) members.set(key, watched(member, `${place}/${String(key)}`, unread))
      return members.get(key)
    },
  })
}

/** The manifest with one thing in it changed. */
function changed(before: string, after: string): string {
  assert.ok(manifest.includes(before), before)
  return manifest.replace(before, after)
}

test('Kubernetes takes the manifest', () => {
  assert.deepEqual(faultsIn(manifest), [])
})

const breaks: [before: string, after: string, fault: RegExp][] = [
  ['replicas: 3', 'replicas: three', /spec\/replicas must be integer/],
  ['readinessProbe:', 'readynessProbe:', /readynessProbe is unknown/],
  ['runAsNonRoot', 'runAsNotRoot', /runAsNotRoot is unknown/],
  ['- name: http\n      port: 3000', '- name: http', /must have required property port/],
  ['memory: 256Mi', 'memory: much', /limits\/memory must match/],
  ['kind: Service', 'kind: Service\ntypo: 1', /typo is unknown/],
]

for (const [before, after, fault] of breaks) {
  test(`Kubernetes refuses the manifest with ${JSON.stringify(after)}`, () => {
    assert.match(faultsIn(changed(before, after)).join('\n'), fault)
  })
}

test('the manifest grants the image what it needs at most, and stores nothing', () => {
  const { Deployment: deployment } = objectsIn(manifest)
  const pod = deployment.spec!.template.spec!
  const [container] = pod.containers

  assert.equal(deployment.spec!.replicas, 3)
  assert.equal(pod.securityContext?.runAsNonRoot, true)
  assert.deepEqual(container!.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  assert.ok(container!.resources?.limits?.memory && container!.resources.limits.cpu)
  assert.equal(pod.volumes, undefined)
  assert.equal(pod.automountServiceAccountToken, false)
})

test('the parts of the manifest find each other and the program', () => {
  const { Deployment: deployment, Secret: secret, Service: service } = objectsIn(manifest)
  const { selector, template } = deployment.spec!
  const [container] = template.spec!.containers
  const probes = [container!.livenessProbe, container!.readinessProbe]

  assert.deepEqual(selector.matchLabels, template.metadata?.labels)
  assert.deepEqual(service.spec?.selector, template.metadata?.labels)
  assert.equal(service.spec?.ports?.[0]?.targetPort, container!.ports?.[0]?.name)
  assert.equal(container!.envFrom?.[0]?.secretRef?.name, secret.metadata?.name)
  const variables = Object.keys(environmentSchema.properties ?? {})
  for (const name of Object.keys(secret.stringData!)) assert.ok(variables.includes(name), name)
  const paths = probes.map((probe) => probe?.httpGet?.path ?? '')
  assert.deepEqual(
    paths.map((one) => match(one).route?.name),
    paths,
  )
})

test('streams have the time to end that they get', () => {
  const { Deployment: deployment } = objectsIn(manifest)
  const { terminationGracePeriodSeconds: grace, containers } = deployment.spec!.template.spec!
  const pause = Number(containers[0]!.lifecycle?.preStop?.exec?.command?.at(-1))

  assert.ok(grace! > pause + defaultTimeouts.shutdown_s, String(grace))
})
