/**
 * Why a server cannot be reached, for people, and what to do about it: one table for requests, the token server and
 * `check --online`. Sources: Node's "X509 certificate error codes" and "Common system errors", read 2026-11.
 */

import { accessSync, constants } from 'node:fs'

/** The outbound proxy is to blame; the message names the reason and holds nothing secret. */
export class OutboundProxyError extends Error {}

export interface UnreachableReason {
  /** what happened, with its code; part of a sentence */
  why: string
  /** sentences; undefined where only the caller knows which setting named the server */
  remedy: string | undefined
  /** only a change of the setup helps, and no repetition */
  isLasting?: boolean
}

const cause =
  'Something on the way, such as a company network that inspects TLS, signs with an authority of its own: '
const trustIt = `${cause}set NODE_EXTRA_CA_CERTS=/path/to/ca.pem to its certificate, or, where the system trusts it already, NODE_USE_SYSTEM_CA=1 (Node 22.19, 24.6 or newer), and start the proxy again.`
const checkClock = 'Check the clock of this machine'
const checkName = 'Check the host name in the address: the server that answers there is another.'
const speaksNoTls = 'Check the port, or write the address with http:// if that server has no TLS.'

const moreFiles =
  'Raise its limit of open files: LimitNOFILE of systemd, --ulimit nofile of Docker, ulimit -n of a shell.'

/**
 * What the TLS library says of a server that it fell out with for once, too; what is over once the network has set the clock of a
 * machine that has no battery for it; and what this machine lacks for the moment.
 */
const passing = new Set(['EPROTO', 'CERT_NOT_YET_VALID', 'EMFILE', 'ENFILE', 'EADDRNOTAVAIL'])

const untrusted = { why: 'its certificate is not trusted', remedy: trustIt }
const selfSigned = { why: 'its certificate is self-signed', remedy: trustIt }
const noTls = { why: 'the TLS handshake failed', remedy: speaksNoTls }

const reasons: Record<string, { why: string; remedy?: string }> = {
  ECONNREFUSED: { why: 'connection refused' },
  ENOTFOUND: { why: 'unknown host' },
  EAI_AGAIN: { why: 'name lookup failed' },
  ECONNRESET: { why: 'the connection broke' },
  EHOSTUNREACH: { why: 'no route to host' },
  ENETUNREACH: { why: 'no route to its network' },
  ETIMEDOUT: { why: 'no answer from its address' },
  EMFILE: { why: 'the proxy has as many files open as it may', remedy: moreFiles },
  ENFILE: { why: 'this machine has as many files open as it can' },
  EADDRNOTAVAIL: { why: 'this machine has no address or port left for the connection' },
  EACCES: { why: 'this machine forbids the connection' },
  EPERM: { why: 'this machine forbids the connection' },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_UNTRUSTED: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: { why: 'its certificate chain is self-signed', remedy: trustIt },
  DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
  CERT_HAS_EXPIRED: { why: 'its certificate has expired', remedy: checkClock },
  CERT_NOT_YET_VALID: { why: 'its certificate is not valid yet', remedy: checkClock },
  ERR_TLS_CERT_ALTNAME_INVALID: { why: 'its certificate is for another name', remedy: checkName },
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
}

/** In: what a request, or its connection, failed with. */
export function unreachableReason(error: NodeJS.ErrnoException): UnreachableReason {
  // its message holds the remedy
  if (error instanceof OutboundProxyError) return { why: error.message, remedy: undefined }
  const { code } = error
  if (code === undefined) return { why: error.message, remedy: undefined }
  if (code.startsWith('HPE_')) return { why: `its answer is not HTTP (${code})`, remedy: undefined }
  const known = Object.hasOwn(reasons, code) ? reasons[code] : undefined
  if (!known) return { why: code, remedy: undefined }
  const { why } = known
  const remedy = remedyOf(known)
  const isLasting = remedy !== undefined && !passing.has(code)
  return { why: `${why} (${code})`, remedy, isLasting }
}

function remedyOf({ remedy }: { remedy?: string }): string | undefined {
  if (remedy === trustIt) return howToTrust()
  if (remedy !== checkClock) return remedy
  const minute = new Date().toISOString().slice(0, 16).replace('T', ' ')
  return `${checkClock}, by which it is ${minute} (UTC); if it is right, the server needs a new one.`
}

/** Of a variable whose file is not there Node says one line at the start, and goes on without. */
function howToTrust({ NODE_EXTRA_CA_CERTS: file } = process.env): string {
  if (!file) return trustIt
  try {
    accessSync(file, constants.R_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return `${cause}NODE_EXTRA_CA_CERTS is set, but its file cannot be read (${code}). Mend that and start the proxy again.`
  }
  return `${cause}NODE_EXTRA_CA_CERTS is set, but its file does not hold that one, or was not there at the start. Mend that and start the proxy again.`
}
