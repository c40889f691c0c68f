// ajv with formats, as tests/sbom/mutants.mjs has it.  node ajv_peer.mjs TREE DOCUMENT   0: conforms, 1: does not
import {readFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {join, resolve} from 'node:path'

const tree = resolve(process.argv[2])
const require = createRequire(join(tree, 'package.json'))
const {default: Ajv} = require('ajv')
const addFormats = require('ajv-formats').default
const {parse: parseMail} = require('smtp-address-parser')
const read = name =>
  JSON.parse(readFileSync(join(tree, `node_modules/@cyclonedx/cyclonedx-library/res/schema/${name}.SNAPSHOT.schema.json`)))
const ajv = new Ajv({strict: false})
addFormats(ajv)
ajv.addFormat('iri-reference', true)
ajv.addFormat('idn-email', text => {
  try {
    return parseMail(text), true
  } catch {
    return false
  }
})
for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs']) {
  ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
}
const document = JSON.parse(readFileSync(process.argv[3]))
process.exit(ajv.compile(read(`bom-${document.specVersion}`))(document) ? 0 : 1)
