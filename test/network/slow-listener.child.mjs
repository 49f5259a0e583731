// Listens on two loopback addresses with one place to wait in, and takes nothing in until a line comes on stdin; then answers.
import { once } from 'node:events'
import { readSync, writeSync } from 'node:fs'
import http from 'node:http'

const answer = (_req, res) => res.end('{"access_token":"late","expires_in":3600}')
const first = http.createServer(answer).listen({ port: 0, host: '127.0.0.2', backlog: 1 })
await once(first, 'listening')
const { port } = first.address()
const second = http.createServer(answer).listen({ port, host: '127.0.0.3', backlog: 1 })
await once(second, 'listening')
writeSync(1, `${port}\n`)
readSync(0, Buffer.alloc(10))
