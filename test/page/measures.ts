/** What is read off a page in the browser. */
import type { Page } from 'playwright-core'

/** Texts whose contrast with what lies behind them is less than 4.5, as WCAG 2.2 counts it. */
export async function paleTexts(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    type Colour = [number, number, number, number]
    const colourOf = (text: string): Colour => {
      const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number)
      return [red, green, blue, alpha]
    }
    const light = ([red, green, blue]: Colour) => {
      const [r, g, b] = [red, green, blue].map((one) => {
        const share = one / 255
        return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      }) as [number, number, number]
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    /** The nearest colour behind; here each is opaque or none. */
    const behind = (from: Element): Colour => {
      for (let one: Element | null = from; one; one = one.parentElement) {
        const colour = colourOf(getComputedStyle(one).backgroundColor)
        if (colour[3] === 1) return colour
        if (colour[3] > 0) throw new Error(`half a colour behind ${one.className}`)
      }
      throw new Error('nothing is behind')
    }
    const pale = new Set<string>()
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement!
      if (!element.checkVisibility() || element.closest('svg, .hidden, .skip')) continue
      const style = getComputedStyle(element)
      const [one, other] = [light(colourOf(style.color)), light(behind(element))]
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
      if (contrast < 4.5 || Number(style.opacity) !== 1) {
        pale.add(`${element.tagName}.${element.className} ${contrast.toFixed(2)}`)
      }
    }
    return [...pale]
  })
}

/** What sticks out of the page to the right, or has its text cut off. */
export async function tooWide(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const width = document.documentElement.clientWidth
    const scrolled = document.documentElement.scrollWidth > width ? ['the page'] : []
    const wide = Array.from(document.querySelectorAll('main *, header *'))
      .filter((one) => one.checkVisibility() && !one.closest('svg, .hidden'))
      .filter((one) => one.getBoundingClientRect().right > width + 0.5)
      .map((one) => `${one.tagName}.${one.className}`)
    const cut = Array.from(document.querySelectorAll('.scroll'))
      .filter((one) => one.scrollWidth > one.clientWidth + 1)
      .map((one) => `scrolls: ${one.textContent.slice(0, 30)}`)
    return [...scrolled, ...wide, ...cut]
  })
}

/** What a screen reader would miss or trip over. */
export async function unlabelled(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const nameOf = (one: Element) =>
      (one.getAttribute('aria-label') ?? one.textContent).replaceAll(/\s+/g, ' ').trim()
    const found: string[] = []
    for (const one of document.querySelectorAll('a, button, input, [role=img], nav, summary')) {
      const isNav = one.localName === 'nav' && !one.hasAttribute('aria-label')
      if (nameOf(one) === '' || isNav) found.push(one.outerHTML.slice(0, 80))
    }
    for (const one of document.querySelectorAll('section')) {
      const heading = document.querySelector(`#${one.getAttribute('aria-labelledby') ?? 'none'}`)
      if (!heading) found.push(`section ${one.id}`)
    }
    for (const one of document.querySelectorAll('th')) {
      if (!one.hasAttribute('scope') || nameOf(one) === '') found.push(one.outerHTML.slice(0, 80))
    }
    const levels = Array.from(document.querySelectorAll('h1, h2, h3'), (one) =>
      Number(one.localName.slice(1)),
    )
    levels.forEach((level, index) => {
      if (level > (levels[index - 1] ?? 0) + 1) found.push(`heading ${index} of level ${level}`)
    })
    const ids = Array.from(document.querySelectorAll('[id]'), ({ id }) => id)
    if (new Set(ids).size < ids.length) found.push('an id twice')
    for (const one of ['header', 'main', 'footer', 'h1']) {
      if (document.querySelectorAll(one).length !== 1) found.push(`not one ${one}`)
    }
    return found
  })
}
