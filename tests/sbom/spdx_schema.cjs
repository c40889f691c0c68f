// spdx_schema.cjs SOURCE_TREE FILE…: each file is valid SPDX 3.0.1 JSON-LD, and would not be if it were broken.
const fs = require('fs');
const [tree, ...files] = process.argv.slice(2);
const modules = tree + '/node_modules/';
const Ajv = require(modules + 'ajv/dist/2020').default;
const schema = JSON.parse(fs.readFileSync(modules + '@cyclonedx/cdxgen/data/spdx-export.schema.json'));
const validate = new Ajv({strict: false, validateFormats: false}).compile(schema);

let bad = 0;
const fail = (text) => { console.log(text); bad = 1; };
for (const file of files) {
  const document = JSON.parse(fs.readFileSync(file));
  if (!validate(document)) fail(`${file} is not valid: ${JSON.stringify(validate.errors.slice(0, 5), null, 1)}`);
  // Break each element in turn, in a way that no schema of SPDX lets pass.
  for (const [index, element] of document['@graph'].entries()) {
    const broken = structuredClone(document);
    broken['@graph'][index].notAMember = 1;
    if (validate(broken)) fail(`${file}: an unknown member of a ${element.type} passes`);
    delete broken['@graph'][index].notAMember;
    const required = {Relationship: 'relationshipType', CreationInfo: 'created'}[element.type] || 'creationInfo';
    delete broken['@graph'][index][required];
    if (validate(broken)) fail(`${file}: a ${element.type} without ${required} passes`);
  }
}
console.log(`${files.length} documents`);
process.exit(bad);
