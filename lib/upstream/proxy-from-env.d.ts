declare module 'proxy-from-env' {
  /** The proxy for a URL by the environment, with its scheme; empty where there is none. */
  export function getProxyForUrl(url: string | URL): string
}
