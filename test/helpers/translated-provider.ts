import { providers, type ModelType, type TranslatedProvider } from '../../pipelines/index.ts'

/** The types of models that clients of other APIs can ask. */
export type Translated = Exclude<ModelType, 'common'>

export function translated(type: Translated): TranslatedProvider {
  const provider = providers[type]
  if (provider.write) return provider
  throw new Error(`${type} is not translated`)
}
