/** The forms of NO_PROXY that curl, Go and Python understand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noProxy } from '../../lib/network/no-proxy.ts'

const cases: [list: string, direct: string[], through: string[]][] = [
  ['', [], ['http://a.test']],
  ['*', ['http://a.test', 'https://10.1.2.3:8443', 'http://[fd00::1]'], []],
  ['a.test', ['http://a.test', 'https://b.a.test'], ['http://aa.test', 'http://a.test.evil']],
  ['.a.test', ['http://a.test', 'http://b.a.test'], ['http://xa.test']],
  ['*.a.test', ['http://a.test', 'http://c.b.a.test'], ['http://xa.test']],
  ['A.Test.', ['http://a.test', 'http://a.test.'], ['http://b.test']],
  [
    'one.test, two.test\tthree.test',
    ['http://two.test', 'http://three.test'],
    ['http://four.test'],
  ],
  ['a.test:8080', ['http://a.test:8080'], ['http://a.test', 'http://a.test:80']],
  ['a.test:443', ['https://a.test'], ['http://a.test']],
  ['10.0.0.0/8', ['http://10.1.2.3', 'https://10.255.0.1:1'], ['http://11.0.0.1', 'http://a.test']],
  ['192.168.1.16/28', ['http://192.168.1.31'], ['http://192.168.1.32']],
  ['10.0.0.0/8:8080', ['http://10.1.2.3:8080'], ['http://10.1.2.3']],
  ['0.0.0.0/0', ['http://8.8.8.8'], ['http://a.test', 'http://[2001:db8::1]']],
  ['10.1.2.3', ['http://10.1.2.3'], ['http://10.1.2.30', 'http://110.1.2.3']],
  ['fd00::/8', ['http://[fd12:3456::1]:11434'], ['http://[2001:db8::1]']],
  ['[fd00::]/8', ['http://[fd12::1]'], ['http://[fe80::1]']],
  ['2001:DB8:0:0::1', ['http://[2001:db8::1]'], ['http://[2001:db8::2]']],
  ['[2001:db8::1]', ['http://[2001:db8::1]'], ['http://[2001:db8::2]']],
  ['[2001:db8::1]:8443', ['https://[2001:db8::1]:8443'], ['https://[2001:db8::1]']],
  ['192.168.*', ['http://192.168.3.4'], ['http://192.169.3.4', 'http://a192.168.3.4.test']],
  ['bücher.test', ['http://bücher.test'], ['http://bucher.test']],
  ['10.0.0.0/33, 10.0.0.0/x, a/8, /8, :80, ., ok.test', ['http://ok.test'], ['http://10.0.0.1']],
  ['(.*, a+.test', [], ['http://b.test', 'http://aa.test']],
]

for (const [list, direct, through] of cases) {
  test(`KO8: NO_PROXY=${list}`, () => {
    const isDirect = noProxy(list)
    for (const url of direct) assert.ok(isDirect(new URL(url)), `${url} goes through the proxy`)
    for (const url of through) assert.ok(!isDirect(new URL(url)), `${url} goes directly`)
  })
}
