/** Copies a text, also where the page is reached by plain HTTP on another machine: there a browser has no clipboard for pages. */
import { speaker, type Language } from './words.ts'

const shownMs = 1_600

export async function copy(button: HTMLElement, language: Language): Promise<void> {
  const text = button.dataset.copy ?? ''
  const isCopied = (await byClipboard(text)) || bySelection(text, button)
  const said = speaker(language)(isCopied ? 'copied' : 'notCopied')
  tell(said)
  button.dataset.said = said
  setTimeout(() => {
    delete button.dataset.said
    tell('')
  }, shownMs)
}

function tell(text: string): void {
  const place = document.querySelector('#said')
  if (place) place.textContent = text
}

async function byClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // it is not there, or the user forbids it
    return false
  }
}

/** The old way, which works anywhere: select it, and copy the selection. */
function bySelection(text: string, focused: HTMLElement): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.readOnly = true
  area.className = 'hidden'
  document.body.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  focused.focus()
  return isCopied
}
