"""Limits of the verifier in one place, each with its unit and where it comes from."""

from xinzheng_schemas.strict_json import Limits

MAX_INPUT_BYTES = 262_144
"""Bytes of one input of any form; larger input is refused unread. [chosen: a certificate takes 2 to 5 kB]"""

MAX_REQUEST_BYTES = MAX_INPUT_BYTES + 65_536
"""Bytes of an HTTP request whose body wraps an input in JSON or in a multipart form. [chosen]"""

MAX_BATCH_ITEMS = 1_000
"""Credentials of one HTTP request. [chosen: some 0.3 s of work, 1 s in the form that takes longest; larger batches are
for the library and the command]"""

MAX_BATCH_BYTES = 8_388_608
"""Bytes of an HTTP request that holds many. [chosen: 1,000 certificates of 8 kB, with room]"""

MAX_REQUESTS_AT_WORK = 4
"""HTTP requests for one credential that are judged at once. [chosen: one interpreter does no more by doing more]"""

MAX_BATCHES_AT_WORK = 1
"""Batches that are judged beside them; no other request waits for one of those places. [chosen: the interpreter gives a
turn to each that is at work, so that a single request beside a batch takes twice as long]"""

BATCH_SECONDS = 5.0
"""Seconds of processor time for the credentials of one HTTP request; what is left then is not answered. [chosen: 1,000
of the form that takes longest take about 1]"""

MAX_REQUESTS_INSIDE = 64
"""HTTP requests that arrive, wait or are judged; further ones are sent away. [chosen: bounds memory and waiting]"""

MAX_BATCHES_INSIDE = 8
"""Those among them that may be batches. [chosen: 8 times 8 MiB, twice that while one is judged]"""

BODY_SECONDS = 30.0
"""Time for the body of an HTTP request to arrive. [chosen: 8 MiB at 2.3 Mbit/s]"""

MAX_QR_CHARACTERS = 4_296
"""Characters of one QR text: capacity of version 40-L in alphanumeric mode (ISO/IEC 18004, table 7)."""

MAX_CWT_BYTES = 16_384
"""Bytes of the inflated COSE message of a QR text. [chosen: 40 times a real one]"""

MAX_IMAGE_PIXELS = 9_000_000
"""Pixels of a picture to be scanned for a QR symbol: a page of A4 at 300 dpi has 8.7 million."""

MAX_IMAGE_SIDE = 65_535
"""Pixels of a picture's longer side: the scanner takes no more."""

MAX_IMAGE_EDGES = 300_000
"""Changes of brightness along the rows of a picture that is scanned as it is. A symbol has some 20,000, a page of print
150,000; the scanner tries all pairs of what looks like a finder pattern, and each of those has 30 at least."""

FREELY_SCANNED_PIXELS = 1_000_000
"""Pixels of a picture that is scanned whatever its edges: no more finder patterns fit in than take half a second."""

MAX_JPEG_SCANS = 32
"""Scans of a JPEG file: a progressive one has about ten; each passes over all of the picture, in as little as 23 bytes
of the file. [chosen]"""

MAX_CBOR_DEPTH = 8
"""Nesting of a CBOR value; the claims of a certificate use 4. [chosen]"""

MAX_CBOR_ITEMS = 1_024
"""Data items of a CBOR value; a certificate has about 60. [chosen]"""

MAX_PROOF_VALUE_CHARACTERS = 256
"""Characters of a `proofValue`; 64 bytes in base58-btc take 88, 96 bytes 132. Decoding is quadratic."""

MAX_PROOFS = 4
"""Proofs of one document, of a set and chain together. [chosen: one of each kind of signature in use]"""

MAX_STATUS_SIZE = 8
"""Bits of one entry of a status list; each more doubles the messages that a credential has to list. [chosen]"""

MAX_PROBLEMS = 50
"""Problems that one step lists as evidence. [chosen]"""

MAX_RECEIPT_BYTES = 262_144
"""Bytes of a signed receipt; one takes some 2 kB. [chosen]"""

MAX_RECEIPT_ISSUERS = 64
"""Issuers of a policy that a receipt names; of more it has number and digest. [chosen: some 3 kB]"""

MAX_KEY_FILE_BYTES = 16_384
"""Bytes of a lender's key or passphrase file; an encrypted P-256 key takes about 420. [chosen]"""

STATUS_LIST_JSON = Limits(max_bytes=4_194_304)
"""JSON text of a status list credential: 2^24 entries that do not compress take 2.8 MB in base64url."""

MAX_STATUS_LIST_BYTES = 2_097_152
"""Bytes of an inflated status list: 2^24 entries of one bit."""

MAX_STATUS_CHANGES = 262_144
"""Changes of one journal: every entry of a list of 131,072 set, and cleared again. [chosen]"""

STATUS_CHANGES_JSON = Limits(max_bytes=8_388_608, max_members=4 * MAX_STATUS_CHANGES + 64)
"""JSON text of a journal of changes: 32 bytes and four members a change."""

MAX_STATUS_ENTRIES = 8
"""Status entries of one credential. [chosen: a certificate has two]"""

TRUST_DOCUMENT_JSON = Limits(max_bytes=262_144)
"""JSON text of a controller or issuer document: dozens of keys take some 20 kB. [chosen]"""

MAX_BUNDLE_BYTES = 33_554_432
"""Bytes of a trust bundle file. [chosen: over twice the size aimed at for a whole country]"""

MAX_BUNDLE_FILES = 40_000
"""Files in a trust bundle. [chosen: 3,500 courts with six files each, metadata included, and room for second lists]"""

MAX_BUNDLE_INFLATED_BYTES = 268_435_456
"""Bytes of all files of a trust bundle once inflated. [chosen: three times a whole country with its journals]"""

MAX_XZ_MEMORY = 83_886_080
"""Bytes that inflating an xz stream may take for itself: those of `xz -9`, whose dictionary has 64 MiB, and room."""

MAX_DELEGATED_ROLES = 4_096
"""Provinces and courts of one trust repository. [chosen: there are some 3,500 courts]"""

MAX_BUNDLE_FILE_BYTES = 8_388_608
"""Bytes of one file of a trust bundle once inflated. [chosen: twice the largest status list]"""

MAX_ROOT_STEPS = 256
"""Root versions walked in one import. [python-tuf's default]"""

MAX_METADATA_MEMBERS = 500_000
"""JSON members of one TUF metadata file. [chosen: eight for each of 20,000 targets, and room]"""

ROOT_JSON = Limits(max_bytes=512_000, max_members=MAX_METADATA_MEMBERS)
"""JSON text of TUF root metadata. [python-tuf's default]"""

TIMESTAMP_JSON = Limits(max_bytes=16_384)
"""JSON text of TUF timestamp metadata. [python-tuf's default]"""

SNAPSHOT_JSON = Limits(max_bytes=2_000_000, max_members=MAX_METADATA_MEMBERS)
"""JSON text of TUF snapshot metadata. [python-tuf's default]"""

TARGETS_JSON = Limits(max_bytes=5_000_000, max_members=MAX_METADATA_MEMBERS)
"""JSON text of TUF targets metadata. [python-tuf's default; about 20,000 targets]"""

MAX_RDF_MEMBERS = 4_096
"""Object members and array elements of a document that is turned into RDF. [chosen: a certificate has about 70]"""

MAX_RDF_DEPTH = 32
"""Levels of nested objects in a document that is turned into RDF; as `xinzheng_schemas.strict_json.MAX_DEPTH`."""

MAX_RDF_CONTEXTS = 16
"""Contexts that a document may name. [chosen: a certificate names two]"""

MAX_RDF_WORK = 25_000
"""Steps of telling blank nodes apart that look alike (RDFC-1.0 §7.1). [chosen: some 0.05 s; the hardest case of W3C's
test suite that is to be solved takes 6,200]"""

MAX_RDF_RECURSION = 128
"""Blank nodes that look alike in a row, while they are told apart. [chosen: within the interpreter's own limit]"""

MAX_JSONLD_SCOPING = 20_000
"""Terms that the general JSON-LD processor copies for scoped contexts, in one document: occurrences of such contexts
times terms known. [chosen: about 0.3 s; a certificate takes 2,500]"""
