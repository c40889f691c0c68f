// Documents for mutation_main.cc, and what ajv (npm, pinned by package-lock.json) says of each.
//
//   node mutants.mjs SOURCE_TREE > FILE
//
// One JSON object per line: {"base": document} is a document that conforms, made from the schema itself so that every
// member of every definition occurs; {"at": pointer, "do": …, "value": …, "conforms": bool} changes the base before it in
// one place. The same lines on every machine.
//
// ajv is told what draft-07 leaves to it or what it does otherwise: what stands beside a $ref is ignored, formats are
// asserted, an IRI is mapped to a URI (RFC 3987, section 3.1) and then checked as one.
import {readFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {join, resolve} from 'node:path'

const tree = resolve(process.argv[2])
const require = createRequire(join(tree, 'package.json'))
const {default: Ajv} = require('ajv')
const {fullFormats} = require('ajv-formats/dist/formats')
const {parse: parseMail} = require('smtp-address-parser')

const folder = join(tree, 'node_modules/@cyclonedx/cyclonedx-library/res/schema')
const read = name => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const versions = ['1.2', '1.3', '1.4', '1.5', '1.6', '1.7']
const others = ['spdx', 'jsf-0.82', 'cryptography-defs'].map(name => `${name}.SNAPSHOT.schema.json`)

// Names of members are not keywords.
const maps = new Set(['properties', 'definitions', 'patternProperties'])
const data = new Set(['enum', 'const', 'examples', 'default', 'meta:enum', 'required'])
function prepare(schema) {
  if (Array.isArray(schema)) return schema.map(prepare)
  if (schema === null || typeof schema !== 'object') return schema
  if (schema.$ref) return {$ref: schema.$ref}
  const result = {}
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$id' && value.startsWith('#')) continue
    if (maps.has(key)) result[key] = Object.fromEntries(Object.entries(value).map(([name, x]) => [name, prepare(x)]))
    else result[key] = data.has(key) ? value : prepare(value)
  }
  return result
}

const mails = new Map()  // the parser is slow
function isMail(text) {
  if (!mails.has(text)) {
    try {
      mails.set(text, Boolean(parseMail(text)))
    } catch {
      mails.set(text, false)
    }
  }
  return mails.get(text)
}
const test = format => typeof format === 'function' ? format : text => (format.lastIndex = 0, format.test(text))
const isReference = test(fullFormats['uri-reference'])
const encoded = text => text.replace(/[^\x00-\x7f]+/gu, encodeURIComponent)

const documents = Object.fromEntries([...others, ...versions.map(v => `bom-${v}.SNAPSHOT.schema.json`)]
  .map(name => [name, prepare(read(name))]))
const ajv = new Ajv({strict: false, code: {optimize: false}})
ajv.addFormat('string', true)
ajv.addFormat('date-time', fullFormats['date-time'])
ajv.addFormat('date', fullFormats.date)
ajv.addFormat('uri', fullFormats.uri)
ajv.addFormat('idn-email', isMail)
ajv.addFormat('iri-reference', text => isReference(encoded(text)))
for (const name of others) ajv.addSchema(documents[name], `http://cyclonedx.org/schema/${name}`)
const validators = Object.fromEntries(versions.map(v => [v, ajv.compile(documents[`bom-${v}.SNAPSHOT.schema.json`])]))
const conforms = document => {
  const validate = validators[document?.specVersion]
  return validate !== undefined && validate(document)
}

// ---- A document from a schema.

const texts = [
  [/^\^urn:uuid/, 'urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79'],
  [/#\.\+\$$/, 'urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#x'],
  [/^\^urn:cdx/, 'urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1'],
  [/^\^\[-\+a-z/, 'text/plain'],
  [/a-fA-F0-9\]\{32\}/, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  [/\[a-z\]\{2\}\)\(/, 'de-DE'], [/CRE/, 'CRE:1-2'], [/\{0,28\}/, 'DE 10 2024-1'], [/^\^\[A-Z\]\{2\}\$/, 'DE']]
const formats = {'date-time': '2025-05-10T07:16:24Z', date: '2025-05-10', 'idn-email': 'jo@example.org',
                 'iri-reference': 'https://example.org/a?b#c', uri: 'https://example.org/a'}

function sample(file, schema, variant, path, optional = true) {
  if (schema === true) return 'anything'
  if (schema.$ref) {
    const [name, pointer = ''] = schema.$ref.split('#')
    const target = name || file
    const key = target + '#' + pointer
    if (path.filter(step => step === key).length > 0 || path.length > 12) return undefined
    const found = pointer.split('/').slice(1).reduce((node, step) => node[step], documents[target])
    return sample(target, found, variant, [...path, key], optional)
  }
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[variant % schema.enum.length]
  const alternatives = schema.oneOf ?? schema.anyOf
  if (alternatives && !alternatives.every(x => x.required && !x.properties)) {
    const chosen = sample(file, alternatives[variant % alternatives.length], variant, path, optional)
    if (chosen === undefined || typeof chosen !== 'object' || Array.isArray(chosen)) return chosen
    return {...sampleObject(file, schema, variant, path, optional), ...chosen}
  }
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'string': return schema.pattern ? texts.find(([pattern]) => pattern.test(schema.pattern))?.[1] ?? 'text'
                                         : formats[schema.format] ?? 'text'
    case 'integer': return Math.max(schema.minimum ?? 1, 1)
    case 'number': return schema.maximum ?? 1.5
    case 'boolean': return true
    case 'array': {
      const items = Array.isArray(schema.items) ? schema.items : [schema.items ?? true]
      return items.map(item => sample(file, item, variant, path, optional)).filter(item => item !== undefined)
    }
    default: return schema.properties || schema.type === 'object' ? sampleObject(file, schema, variant, path, optional)
                                                                   : 'text'
  }
}

function sampleObject(file, schema, variant, path, optional) {
  const result = {}
  const choice = schema.oneOf?.every(x => x.required && !x.properties) ? schema.oneOf : []
  const left = new Set(choice.filter((_, i) => i !== variant % choice.length).flatMap(x => x.required))
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (left.has(name) || name === 'versionRange' || name === 'isExternal') continue
    // Deep down little more than what must be there, or the documents become too large.
    const needed = schema.required?.includes(name) || choice.some(x => x.required.includes(name))
    if (path.length > 2 && !needed && Object.keys(result).length > 3) continue
    const value = sample(file, property, variant, path, optional)
    if (value !== undefined) result[name] = value
  }
  if (typeof result.kty === 'string') return {kty: 'OKP', crv: 'Ed25519', x: 'YQ'}
  return result
}

// Takes away what keeps a sample from conforming, innermost first.
function repaired(document) {
  const validate = validators[document.specVersion]
  for (let round = 0; round < 60; ++round) {
    if (validate(document)) return document
    const errors = validate.errors.filter(e => e.instancePath !== '')
    if (errors.length === 0) return undefined
    errors.sort((a, b) => b.instancePath.split('/').length - a.instancePath.split('/').length)
    const place = errors[0].keyword === 'additionalProperties'
      ? errors[0].instancePath + '/' + errors[0].params.additionalProperty : errors[0].instancePath
    change(document, place, 'remove')
  }
  return undefined
}

function change(document, pointer, action, value) {
  const steps = pointer.split('/').slice(1).map(step => step.replace(/~1/g, '/').replace(/~0/g, '~'))
  const last = steps.pop()
  const parent = steps.reduce((node, step) => node[step], document)
  if (action === 'set' || !Array.isArray(parent)) {
    if (action === 'set') parent[last] = value
    else delete parent[last]
  } else {
    parent.splice(Number(last), 1)
  }
  return document
}

// One document per member of the document and of its first component.
function bases(version) {
  const file = `bom-${version}.SNAPSHOT.schema.json`
  const schema = documents[file]
  const start = {bomFormat: 'CycloneDX', specVersion: version, version: 1}
  const component = {type: 'library', name: 'a', version: '1'}
  const list = []
  const add = document => {
    const good = repaired(document)
    if (good !== undefined) list.push(good)
  }
  for (const variant of [0, 1, 2]) {
    for (const [name, property] of Object.entries(schema.properties)) {
      if (name in start) continue
      const value = sample(file, property, variant, [], true)
      if (value !== undefined && name !== 'components') add({...start, [name]: value})
    }
    for (const [name, property] of Object.entries(schema.definitions.component.properties)) {
      if (name in component) continue
      const value = sample(file, property, variant, ['#/definitions/component'], true)
      if (value !== undefined) add({...start, components: [{...component, [name]: value}]})
    }
  }
  const known = new Set()
  return list.filter(document => {
    const text = JSON.stringify(document)
    return !known.has(text) && known.add(text)
  })
}

// ---- Mutants.

const wrong = {
  'date-time': ['2025-02-30T07:16:24Z', '2025-05-10', '2025-05-10T07:16:24', '2025-05-10T24:16:24Z', '2025-05-10T07:16:60Z',
                '2016-12-31T23:59:60Z', '2025-05-10T07:16:24+02:00', '2025-05-10T07:16:24.5Z', 'yesterday'],
  date: ['2025-02-29', '2024-02-29', '2025-5-10', '10.05.2025', '2025-05-10T07:16:24Z'],
  mail: ['nobody', '@example.org', 'jo@', 'jo doe@example.org', 'jo..doe@example.org', 'jo@example..org', 'jörg@exämple.org'],
  // Not git@example.org:x/y.git and https://example.org:8a/: ajv's regular expression lets them pass, RFC 3986 does not.
  url: ['https://example.org/a b', 'https://example.org/?a[]=b', 'https://example.org/%zz', 'https://exämple.org/ä', '../a',
        'http://', 'https://example.org/<x>', 'urn:x:y', 'https://[2001:db8::1]/', '#a#b'],
  digest: ['e3b0', 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855', 'g'.repeat(64), '0'.repeat(33)],
  id: ['urn:uuid:3E671687-395b-41f5-a30f-a58921a69b79', '3e671687-395b-41f5-a30f-a58921a69b79', 'urn:uuid:x']}
const special = {[formats['date-time']]: 'date-time', [formats.date]: 'date', [formats['idn-email']]: 'mail',
                 [formats['iri-reference']]: 'url', [formats.uri]: 'url', [texts[4][1]]: 'digest', [texts[0][1]]: 'id'}

const pointerOf = (at, step) => `${at}/${String(step).replace(/~/g, '~0').replace(/\//g, '~1')}`

// Members of the same name in members of the same name say the same: they are changed once per version.
const changed = new Set()
function isNew(version, at) {
  const names = at.split('/').filter(step => !/^[0-9]+$/.test(step)).slice(-2)
  const key = [version, ...names, /[0-9]$/.test(at)].join(' ')
  return !changed.has(key) && changed.add(key)
}

// Of values that are wrong in the same way one at a place, in turn.
let turn = 0
const oneOf = list => list[turn++ % list.length]

function* mutants(version, value, at = '') {
  const set = next => ({at, do: 'set', value: next})
  if (at !== '' && !isNew(version, at)) return
  if (at !== '') yield {at, do: 'remove'}
  if (typeof value === 'string' && at !== '') {
    yield set(oneOf([42, null, [value], {x: value}, true]))
    yield set(value + ' nonsense')
    yield set(oneOf(['', value.toUpperCase(), value + '\nx']))
    for (const other of wrong[special[value]] ?? []) yield set(other)
  } else if (typeof value === 'number') {
    for (const other of ['1', -1, 0, 0.5, 1.5, 1000, 9007199254740993, true]) yield set(other)
  } else if (typeof value === 'boolean') {
    yield set(!value)
    yield set('true')
    yield set(1)
  } else if (Array.isArray(value)) {
    yield set(oneOf([{}, 'x', null]))
    yield set([])
    if (value.length > 0) {
      yield set([...value, structuredClone(value[0])])
      yield set([...value, 17])
      const first = value[0]
      if (first !== null && typeof first === 'object' && !Array.isArray(first)) {
        yield set([...value, Object.fromEntries(Object.entries(first).reverse())])
        yield set([...value, {...first, name: 'another'}])
      }
    }
    for (const [i, item] of value.entries()) yield* mutants(version, item, pointerOf(at, i))
  } else if (value !== null && typeof value === 'object') {
    if (at !== '') {
      yield set(oneOf(['x', [], null]))
      yield set({})
    }
    yield {at: pointerOf(at, 'unexpected'), do: 'set', value: 1}
    for (const [name, member] of Object.entries(value)) yield* mutants(version, member, pointerOf(at, name))
  }
}

const lines = []
let documents_made = 0
for (const base of versions.flatMap(version => bases(version))) {
  const list = [...mutants(base.specVersion, base)]
  if (list.length === 0) continue
  ++documents_made
  const text = JSON.stringify(base)
  lines.push(`{"base":${text}}`)
  for (const mutant of list) {
    const document = change(JSON.parse(text), mutant.at, mutant.do, mutant.value)
    lines.push(JSON.stringify({...mutant, conforms: conforms(document)}))
  }
}
process.stderr.write(`${documents_made} documents, ${lines.length - documents_made} changes\n`)
process.stdout.write(lines.join('\n') + '\n')
