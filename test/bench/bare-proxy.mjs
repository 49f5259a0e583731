/** What everything is measured against: http-proxy-3 with a keep-alive agent and nothing else. Plain JavaScript, run as it is. */
import http from 'node:http'
import httpProxy from 'http-proxy-3'

const target = process.argv[2]
const proxy = httpProxy.createProxyServer({ target, agent: new http.Agent({ keepAlive: true }) })
proxy.on('error', () => undefined)
const server = http.createServer((req, res) => proxy.web(req, res))
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`{"url":"http://127.0.0.1:${server.address().port}"}\n`)
})
process.once('SIGTERM', () => process.exit())
