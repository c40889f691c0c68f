# SBOM documents as a person works with them: import with proof, garbage collection, signing, comparing, converting.
. "$TOP/tests/e2e/lib.sh"

fresh_home
start_server
expect 0 mirror sync

# --- import: what the signed index knows, what it contradicts, what nobody knows
cd "$archive"
deb=$(find pool -name '*.deb' | LC_ALL=C sort | sed -n 1p)
name=$(dpkg-deb -f "$deb" Package)
version=$(dpkg-deb -f "$deb" Version)
arch=$(dpkg-deb -f "$deb" Architecture)
sha256=$(sha256sum < "$deb" | cut -d ' ' -f 1)
cd - > /dev/null
purl="pkg:deb/nachbau%20kit/$name@$version?arch=$arch"
bom() {  # FILE DIGEST
  cat > "$1" << BOM
{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
 "metadata": {"component": {"type": "application", "name": "vendor", "version": "7", "bom-ref": "vendor"}},
 "components": [
  {"type": "library", "name": "by-digest", "version": "1", "bom-ref": "a", "hashes": [{"alg": "SHA-256", "content": "$2"}]},
  {"type": "library", "name": "$name", "version": "$version", "purl": "$purl", "bom-ref": "b", "hashes": [{"alg": "SHA-256", "content": "$2"}]},
  {"type": "library", "name": "$name", "version": "$version", "purl": "$purl", "bom-ref": "c"},
  {"type": "library", "name": "left-pad", "version": "1.0", "purl": "pkg:npm/left-pad@1.0", "bom-ref": "d"}],
 "dependencies": [{"ref": "vendor", "dependsOn": ["a", "b", "d"]}]}
BOM
}
bom "$TOP/vendor.json" "$sha256"
bom "$TOP/other.json" "$(printf '0%.0s' $(seq 64))"
expect 0 --json sbom import "$TOP/vendor.json" --name 'the vendor'
json_is 'sorted((k, v) for k, v in d["counts"].items() if v)' "[('claimed', 1), ('known', 1), ('listed', 2)]"
object=$(json 'd["imported"]["sha256"]')
expect 1 sbom import "$TOP/other.json"
says "$name $version: "
says 'has this version with other bytes'
says 'claimed only: 2'
expect 0 sbom imports
says 'the vendor: CycloneDX 1.5, 5 components'
says 'vendor 7: CycloneDX 1.5'
ok 'an import says what is proven, known, claimed and contradicted'

find "$home/store/objects" -type f -exec touch -d 2020-01-01 {} +
expect 0 store gc --grace-days 0 --delete
expect 0 store gc --explain "$object"
says 'kept by imported SBOM'
rm "$home/sboms/$object.json"
expect 0 store gc --explain "$object"
says_not 'kept by imported SBOM'
ok 'the imported document is kept as long as its record is there'

# --- signing
cd "$TOP"
expect 0 sbom sign vendor.json -o signed.json
expect 0 sbom verify-signature signed.json
says 'signed by this machine'
expect 0 sbom validate signed.json
sed -i 's/left-pad/left-pod/' signed.json
expect 1 sbom verify-signature signed.json
says 'the document is not what was signed'
expect 1 sbom verify-signature vendor.json
says 'vendor.json: not signed'
expect 0 sbom sign vendor.json --detached
expect 0 sbom verify-signature vendor.json --signature vendor.json.sigstore.json
expect 1 sbom verify-signature other.json --signature vendor.json.sigstore.json
says 'the signature is over another file'
expect 0 sbom sign vendor.json -o signed.json
own=$home
fresh_home
expect 2 sbom verify-signature signed.json
says 'a key that nobody here knows'
expect 0 sbom verify-signature signed.json --key "$own/keys/signing.pem.pub"
ok 'signatures: good by a known key, by an unknown one, changed, absent; inside and beside'

# --- comparing, merging, asking, converting
expect 0 sbom diff vendor.json signed.json
expect 1 sbom diff vendor.json other.json
says 'other bytes under the same version'
expect 0 sbom merge vendor.json other.json -o merged.json
expect 0 sbom validate merged.json
expect 2 sbom query merged.json
expect 0 sbom query merged.json vendor.json --digest "$sha256"
says 'by-digest 1'
expect 1 sbom query merged.json --licence MIT
expect 0 sbom convert merged.json --to spdx-3.0.1 -o merged.spdx.json
expect 0 sbom convert merged.spdx.json --to cyclonedx-1.7 -o again.json
expect 0 sbom stats merged.json merged.spdx.json again.json
expect 2 sbom convert merged.json --to spdx-2.3 -o no.json
says '--to spdx-3.0.1'
ok 'documents are compared, merged, asked and converted'
