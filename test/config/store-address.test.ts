/** TOKEN_STORE: what is the address of a token store, and what never to show of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shownAddress, storeAddress, storeSecrets } from '../../lib/config/store-address.ts'

const addresses: [text: string, shown: string][] = [
  ['redis://cache', 'redis://cache:6379/0'],
  ['redis://cache:7000/3', 'redis://cache:7000/3'],
  ['valkey://cache/', 'redis://cache:6379/0'],
  ['rediss://me:s3cret@cache.example', 'rediss://cache.example:6379/0'],
  ['valkeys://:s3cret@cache.example/1', 'rediss://cache.example:6379/1'],
  ['redis://[::1]:7000', 'redis://[::1]:7000/0'],
]

for (const [text, shown] of addresses) {
  test(`${text} is shown as ${shown}`, () => {
    assert.equal(shownAddress(storeAddress(text)!), shown)
  })
}

const others = [
  'cache:6379',
  'http://cache',
  'redis://',
  'redis:///0',
  'redis://cache/name',
  'redis://cache/0/1',
  'redis://cache?db=1',
  'redis://cache:99999',
  'redis://:%zz@cache',
]

for (const text of others) {
  test(`${text} is no address of a token store`, () => {
    assert.equal(storeAddress(text), undefined)
  })
}

test('user and password may hold any character, in percent form', () => {
  const { username, password } = storeAddress('redis://me%40home:p%2Fw%3A@cache')!

  assert.deepEqual([username, password], ['me@home', 'p/w:'])
  assert.deepEqual(storeSecrets('redis://me%40home:p%2Fw%3A@cache'), ['p/w:', 'p%2Fw%3A'])
  assert.deepEqual(storeSecrets('redis://cache'), [])
})
