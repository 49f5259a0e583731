/** The page's one script: in the browser it begins to run, in the server it is what writes the HTML. */
import { start } from './browser.ts'

export { pageHtml } from './page.ts'

if (typeof document === 'object') start()
