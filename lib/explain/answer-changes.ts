/** What becomes of an answer beside the translation, in sentences. */
import type { Story } from './story.ts'

export function answerChanges({ prepared }: Story): string[] {
  if (prepared.road !== 'translated') return []
  const { asked, target } = prepared
  const told: string[] = []
  if (asked.toolsInText) {
    told.push("Calls of the request's tools are looked for in the answer's text (`calls_in_text`).")
  }
  if (target.model.reasoning_in_text) {
    told.push("The answer's text is reasoning up to the word that ends it (`reasoning_in_text`).")
  }
  return told
}
