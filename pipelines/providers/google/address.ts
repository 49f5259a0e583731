/** Where Gemini's calls are. Source: Gemini API and Vertex AI API reference "generateContent", read 2026-11. */

const version = /\/v\d+(?:(?:alpha|beta)\d*)?(?:\/|$)/
/** Factory's own address, where the model stands in the body and tool schemas are a subset of OpenAPI. */
const fixed = /\/generate$/
/** A call, or the model before it, at the end of an address that was copied from somewhere. */
const call = /:(?:g|streamG)enerateContent$/
const models = /\/models(?:\/[^/{}]*)?$/
/** An id that tells itself where the model lies. */
const isPath = /^(?:models|tunedModels|projects)\//

/**
 * Path and query of a call. `root`: the path of a `base_url` without a slash at its end; where `{model}` stands in it, the id
 * goes there, and one that ends in `/generate` is already whole. Behind a root without a version comes `/v1beta`, since `/v1` has neither thinking nor whole tool schemas.
 */
export function googlePath(
  root: string,
  { model, isStream }: { model: string; isStream: boolean },
): string {
  const id = model.split('/').map(encodeURIComponent).join('/')
  const method = isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  if (fixed.test(root)) return root
  const bare = root.replace(call, '')
  if (bare.includes('{model}')) return `${bare.replaceAll('{model}', id)}:${method}`
  const base = bare.replace(models, '')
  const versioned = version.test(base) ? base : `${base}/v1beta`
  return `${versioned}/${isPath.test(model) ? id : `models/${id}`}:${method}`
}

/** Whether the model stands in a path of `googlePath`; else it has to be in the body. */
export function holdsModel(path: string): boolean {
  return !fixed.test(path.replace(/\?.*$/s, ''))
}
