// @digitalbazaar/vc with its RDF cryptosuites, and jose for tokens.
// Usage: node peer.mjs PACKAGES FOLDER make|check WHO, where WHO is digitalbazaar or jose-js.
import {createRequire} from 'node:module';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';

const [packages, folder, half, who] = process.argv.slice(2);
const base = resolve(packages, 'package.json');
const required = createRequire(pathToFileURL(base));
const load = async name => import(pathToFileURL(required.resolve(name)));
const read = name => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const DID = `did:web:${who}.interop.example:did:420683`;
const PACKAGES = {
  digitalbazaar: [
    '@digitalbazaar/vc', '@digitalbazaar/data-integrity', '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite',
    '@digitalbazaar/eddsa-rdfc-2022-cryptosuite'],
  'jose-js': ['jose']
};

class Unsupported extends Error {}

function write(place, name, value) {
  mkdirSync(join(folder, place), {recursive: true});
  writeFileSync(join(folder, place, name), JSON.stringify(value));
}

async function answer(check) {
  const answers = {};
  for(const one of read('cases.json')) {
    try {
      await check(one, readFileSync(join(folder, 'files', one.name)));
      answers[one.name] = {answer: 'accepted', reason: ''};
    } catch(error) {
      const given = error instanceof Unsupported ? 'unsupported' : 'refused';
      answers[one.name] = {answer: given, reason: `${error.name}: ${error.message}`.slice(0, 300)};
    }
  }
  const versions = Object.fromEntries(PACKAGES[who].map(
    name => [name, read_version(name)]));
  write('answers', `${who}.json`, {versions, answers});
}

function read_version(name) {
  return JSON.parse(readFileSync(resolve(packages, 'node_modules', name, 'package.json'), 'utf8')).version;
}

function controller_document(methods) {
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: DID, verificationMethod: methods, assertionMethod: methods.map(method => method.id)
  };
}

// --- @digitalbazaar/vc ----------------------------------------------------------------------------------------------

async function suites() {
  const {DataIntegrityProof} = await load('@digitalbazaar/data-integrity');
  const ecdsa = await load('@digitalbazaar/ecdsa-rdfc-2019-cryptosuite');
  const eddsa = await load('@digitalbazaar/eddsa-rdfc-2022-cryptosuite');
  const known = {'ecdsa-rdfc-2019': ecdsa.cryptosuite, 'eddsa-rdfc-2022': eddsa.cryptosuite};
  return {DataIntegrityProof, known};
}

function document_loader(contexts, controllers, loaded) {
  return async url => {
    const [did, fragment] = url.split('#');
    if(controllers[did]) {
      const document = structuredClone(controllers[did]);
      const method = document.verificationMethod.find(({id}) => id === url);
      // The library asks that a Multikey bear its own context wherever it comes from.
      const found = fragment ? {'@context': 'https://w3id.org/security/multikey/v1', ...method} : document;
      return {contextUrl: null, documentUrl: url, document: found};
    }
    if(contexts[url]) {
      return {contextUrl: null, documentUrl: url, document: contexts[url]};
    }
    return loaded(url);
  };
}

async function make_documents() {
  const vc = await load('@digitalbazaar/vc');
  const {DataIntegrityProof, known} = await suites();
  const EcdsaMultikey = await load('@digitalbazaar/ecdsa-multikey');
  const Ed25519Multikey = await load('@digitalbazaar/ed25519-multikey');
  const keys = {
    'P-256': await EcdsaMultikey.generate({curve: 'P-256', controller: DID, id: `${DID}#P-256`}),
    'P-384': await EcdsaMultikey.generate({curve: 'P-384', controller: DID, id: `${DID}#P-384`}),
    Ed25519: await Ed25519Multikey.generate({controller: DID, id: `${DID}#Ed25519`})
  };
  const credential = {...read('material.json').credential, issuer: DID};
  const made = [];
  for(const [key_type, key] of Object.entries(keys)) {
    const mechanism = key_type === 'Ed25519' ? 'eddsa-rdfc-2022' : 'ecdsa-rdfc-2019';
    const suite = new DataIntegrityProof({signer: key.signer(), cryptosuite: known[mechanism]});
    const documentLoader = document_loader(read('contexts.json'), {}, vc.defaultDocumentLoader);
    const signed = await vc.issue({credential: structuredClone(credential), suite, documentLoader});
    made.push({form: 'document', mechanism, key_type, method: key.id, text: JSON.stringify(signed)});
  }
  const methods = [];
  for(const key of Object.values(keys)) {
    const {'@context': _, ...method} = await key.export({publicKey: true, includeContext: true});
    methods.push(method);
  }
  write(who, 'made.json', {controller: controller_document(methods), made});
}

async function check_documents() {
  const vc = await load('@digitalbazaar/vc');
  const {DataIntegrityProof, known} = await suites();
  const documentLoader = document_loader(
    read('contexts.json'), read('controllers.json'), vc.defaultDocumentLoader);
  await answer(async (one, data) => {
    if(one.form !== 'document') {
      throw new Unsupported('Data Integrity alone');
    }
    if(!known[one.mechanism]) {
      throw new Unsupported(`no suite ${one.mechanism}`);
    }
    if(['revocation', 'suspension'].includes(one.change)) {
      throw new Unsupported('status is for a library of its own');
    }
    const suite = new DataIntegrityProof({cryptosuite: known[one.mechanism]});
    const result = await vc.verifyCredential({
      credential: JSON.parse(data), suite, documentLoader, checkStatus: async () => ({verified: true})
    });
    if(!result.verified) {
      throw result.error.errors?.[0] ?? result.error;
    }
  });
}

// --- jose -----------------------------------------------------------------------------------------------------------

const ALGORITHMS = {'P-256': ['ES256'], 'P-384': ['ES384'], Ed25519: ['EdDSA', 'Ed25519']};

async function make_tokens() {
  const jose = await load('jose');
  const credential = {...read('material.json').credential, issuer: DID};
  const made = [];
  const methods = [];
  for(const [key_type, names] of Object.entries(ALGORITHMS)) {
    const {publicKey, privateKey} = await jose.generateKeyPair(names.at(-1), {extractable: true});
    const {kty, crv, x, y} = await jose.exportJWK(publicKey);
    const id = `${DID}#${key_type}`;
    methods.push({id, type: 'JsonWebKey', controller: DID, publicKeyJwk: {kty, crv, x, ...(y ? {y} : {})}});
    for(const alg of names) {
      const text = await new jose.CompactSign(new TextEncoder().encode(JSON.stringify(credential)))
        .setProtectedHeader({alg, typ: 'vc+jwt', cty: 'vc', kid: id}).sign(privateKey);
      made.push({form: 'token', mechanism: alg, key_type, method: id, text});
    }
  }
  write(who, 'made.json', {controller: controller_document(methods), made});
}

async function check_tokens() {
  const jose = await load('jose');
  const controllers = read('controllers.json');
  await answer(async (one, data) => {
    if(one.form !== 'token') {
      throw new Unsupported('JWS alone');
    }
    const method = controllers[one.controller].verificationMethod.find(({id}) => id === one.method);
    const key = await jose.importJWK(method.publicKeyJwk, one.mechanism);
    const {payload, protectedHeader} = await jose.compactVerify(
      data.toString('utf8').trim(), key, {algorithms: [one.mechanism]});
    if(protectedHeader.typ !== 'vc+jwt') {
      throw new Error('typ');
    }
    const {validFrom, validUntil} = JSON.parse(new TextDecoder().decode(payload));
    if(!(Date.parse(validFrom) <= Date.now() && Date.now() <= Date.parse(validUntil))) {
      throw new Error('time');
    }
  });
}

await {
  digitalbazaar: {make: make_documents, check: check_documents},
  'jose-js': {make: make_tokens, check: check_tokens}
}[who][half]();
