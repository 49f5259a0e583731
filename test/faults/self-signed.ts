/** Keys and certificates, made anew for each run so that no key lies in the project. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

/** In PEM. */
export interface Certified {
  key: string
  cert: string
}

export interface CertificateParts {
  /** the common name, which is the host where a server shows it */
  name?: string
  /** years 20.. */
  from?: number
  until?: number
}

interface Signer {
  name: string
  key: KeyObject
}

/** A key and a certificate that it signed itself. */
export function selfSigned(parts: CertificateParts = {}): Certified {
  return certified(parts).pem
}

/** As a company's box makes them: a certificate for a host, by an authority that nobody but the company knows. */
export function byOwnAuthority(parts: CertificateParts = {}): Certified & { authority: string } {
  const authority = certified({ name: 'Company Authority' })
  const { pem } = certified(parts, authority.signer)
  return { ...pem, authority: authority.pem.cert }
}

/** The layout is that of RFC 5280, with as little in it as a certificate can have. */
function certified(
  { name = 'test', from = 20, until = 49 }: CertificateParts,
  by?: Signer,
): { pem: Certified; signer: Signer } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const { name: issuer, key } = by ?? { name, key: privateKey }
  const algorithm = sequence(objectId('2a8648ce3d040302'))
  const validity = sequence(startOf(from), startOf(until))
  const subject = publicKey.export({ type: 'spki', format: 'der' })
  const serial = der(0x02, Buffer.from([by ? 2 : 1]))
  const body = sequence(serial, algorithm, called(issuer), validity, called(name), subject)
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, key)]))
  const bytes = sequence(body, algorithm, signature)
  const pem = {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`,
  }
  return { pem, signer: { name, key: privateKey } }
}

function startOf(year: number): Buffer {
  return der(0x17, Buffer.from(`${year}0101000000Z`))
}

function called(name: string): Buffer {
  return sequence(set(sequence(objectId('550403'), der(0x0c, Buffer.from(name)))))
}

/** One value of ASN.1: tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function set(...parts: Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts))
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}
