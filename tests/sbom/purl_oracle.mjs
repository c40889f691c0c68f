// What packageurl-js (npm, pinned by package-lock.json) makes of the package URLs in purls.txt.
import {readFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {join, resolve} from 'node:path'

const tree = resolve(process.argv[2])
const {PackageURL} = createRequire(join(tree, 'package.json'))('packageurl-js')
let checked = 0, bad = 0
for (const line of readFileSync(join(tree, 'tests/sbom/purls.txt'), 'utf8').split('\n')) {
  if (!line.includes(' -> ')) continue
  const [rest, deviation] = line.split('  # js: ')
  const [text, wanted] = rest.split(' -> ')
  let canonical = '!'
  try {
    canonical = PackageURL.fromString(text).toString()
  } catch {
    // not a package URL
  }
  ++checked
  if ((canonical === wanted) === (deviation === undefined)) continue
  ++bad
  console.log(`${text}: wanted ${wanted}, packageurl-js says ${canonical}${deviation ? ', no longer different: ' + deviation : ''}`)
}
console.log(`${checked} package URLs, ${bad} unexpected answers`)
process.exit(bad === 0 && checked >= 150 ? 0 : 1)
