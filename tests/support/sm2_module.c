/* A PKCS #11 module with SM2, for tests: one slot, one token, keys in files, arithmetic by libcrypto.
 *
 * What makers settle differently comes from the environment, read when it is needed:
 *   SM2_MODULE_TOKEN      folder of the token: `label`, `pin`, and a PEM file for each key; no folder, no token
 *   SM2_MODULE_SIGN       number of the signing mechanism; one above it is another one, which signs without Z
 *   SM2_MODULE_GENERATE   number of the mechanism that makes key pairs; 0 for none
 *   SM2_MODULE_KEY_TYPE   number of the type of key
 *   SM2_MODULE_CURVE      `oid`: keys have CKA_EC_PARAMS; `none`: they have not
 *   SM2_MODULE_INPUT      `digest`, `z-message`, `message`, `message-id`
 *   SM2_MODULE_SIGNATURE  `raw`, `der`
 *
 * Names, numbers and structures are those of PKCS #11 v2.40.
 */

#include <dirent.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned char byte;
typedef unsigned long ulong;

enum {
    OK = 0, SLOT_ID_INVALID = 0x3, ARGUMENTS_BAD = 0x7, FUNCTION_FAILED = 0x6, ATTRIBUTE_SENSITIVE = 0x11,
    ATTRIBUTE_TYPE_INVALID = 0x12, DATA_LEN_RANGE = 0x21, DEVICE_REMOVED = 0x32, FUNCTION_NOT_SUPPORTED = 0x54,
    KEY_HANDLE_INVALID = 0x60, MECHANISM_INVALID = 0x70, MECHANISM_PARAM_INVALID = 0x71,
    OPERATION_NOT_INITIALIZED = 0x91, PIN_INCORRECT = 0xA0, SESSION_COUNT = 0xB1, SESSION_HANDLE_INVALID = 0xB3,
    SESSION_READ_ONLY = 0xB5, TEMPLATE_INCONSISTENT = 0xD1, TOKEN_NOT_PRESENT = 0xE0, USER_ALREADY_LOGGED_IN = 0x100,
    USER_NOT_LOGGED_IN = 0x101, BUFFER_TOO_SMALL = 0x150, NOT_INITIALIZED = 0x190, ALREADY_INITIALIZED = 0x191,
};
enum {
    CLASS = 0x0, TOKEN = 0x1, PRIVATE = 0x2, LABEL = 0x3, VALUE = 0x11, KEY_TYPE = 0x100, ID = 0x102, SENSITIVE = 0x103,
    SIGN = 0x108, VERIFY = 0x10A, EXTRACTABLE = 0x162, PARAMS = 0x180, POINT = 0x181,
};
enum { PUBLIC_KEY = 2, PRIVATE_KEY = 3, MAX_KEYS = 32, MAX_SESSIONS = 64, NAME = 64, SLOT = 1, READ_WRITE = 0x2 };

static const byte CURVE[] = {0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D};
static const char USUAL_ID[] = "1234567812345678";

typedef struct { byte major, minor; } Version;
typedef struct { Version cryptoki; byte maker[32]; ulong flags; byte description[32]; Version library; } Info;
typedef struct { byte description[64], maker[32]; ulong flags; Version hardware, firmware; } SlotInfo;
typedef struct {
    byte label[32], maker[32], model[16], serial[16];
    ulong flags, counts[10];
    struct { Version hardware, firmware; byte time[16]; } rest;
} TokenInfo;
typedef struct { ulong type; void *value; ulong length; } Attribute;
typedef struct { ulong mechanism; void *parameter; ulong length; } Mechanism;
typedef struct { Version version; void *functions[68]; } FunctionList;

typedef struct { char label[NAME], id[NAME]; EVP_PKEY *pair; } Key;
typedef struct {
    int open, writing, signing;
    struct { Mechanism mechanism; Key *key; } sign;
    ulong found[2 * MAX_KEYS], count, next;
} Session;

static pthread_mutex_t LOCK = PTHREAD_MUTEX_INITIALIZER;
static struct { int begun, logged_in, keys; char folder[1024]; Key key[MAX_KEYS]; Session session[MAX_SESSIONS]; } S;

static ulong unlocked(ulong answer) {
    pthread_mutex_unlock(&LOCK);
    return answer;
}
#define LOCKED(expression) pthread_mutex_lock(&LOCK); return unlocked(expression)

static const char *word(const char *name, const char *otherwise) {
    const char *found = getenv(name);
    return found ? found : otherwise;
}

static ulong number(const char *name) { return strtoul(word(name, "0"), NULL, 0); }
static int is(const char *name, const char *value) { return strcmp(word(name, ""), value) == 0; }

static void pad(byte *field, size_t size, const char *text) {
    memset(field, ' ', size);
    memcpy(field, text, strlen(text) < size ? strlen(text) : size);
}

/* --- the token ---------------------------------------------------------------------------------------------------- */

static int read_text(const char *name, char *text, size_t size) {
    char path[2048];
    FILE *file;
    size_t length;
    snprintf(path, sizeof path, "%s/%s", S.folder, name);
    file = fopen(path, "r");
    if (!file) return 0;
    length = fread(text, 1, size - 1, file);
    text[length] = 0;
    fclose(file);
    return 1;
}

/* The token that was there at the beginning, and no other: what is put in meanwhile shows after the next one. */
static int present(void) {
    return S.begun && *S.folder && is("SM2_MODULE_TOKEN", S.folder) && access(S.folder, F_OK) == 0;
}

static void load_keys(void) {
    struct dirent **names;
    int count = scandir(S.folder, &names, NULL, alphasort), index;
    for (index = 0; index < count; index++) {
        char path[2048], label[NAME], id[NAME];
        FILE *file;
        if (S.keys < MAX_KEYS && sscanf(names[index]->d_name, "%63[^.].%63[0-9a-f].pem", label, id) == 2) {
            snprintf(path, sizeof path, "%s/%s", S.folder, names[index]->d_name);
            file = fopen(path, "r");
            if (file) {
                Key *key = &S.key[S.keys];
                key->pair = PEM_read_PrivateKey(file, NULL, NULL, NULL);
                fclose(file);
                strcpy(key->label, label);
                strcpy(key->id, id);
                S.keys += key->pair != NULL;
            }
        }
        free(names[index]);
    }
    if (count >= 0) free(names);
}

static int store_key(const Key *key) {
    char path[2048];
    FILE *file;
    int done;
    snprintf(path, sizeof path, "%s/%s.%s.pem", S.folder, key->label, key->id);
    file = fopen(path, "w");
    if (!file) return 0;
    done = PEM_write_PrivateKey(file, key->pair, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    return done;
}

/* --- the module --------------------------------------------------------------------------------------------------- */

static ulong finalize(void) {
    int index;
    if (!S.begun) return NOT_INITIALIZED;
    for (index = 0; index < S.keys; index++) EVP_PKEY_free(S.key[index].pair);
    memset(&S, 0, sizeof S);
    return OK;
}

static ulong initialize(void) {
    if (S.begun) return ALREADY_INITIALIZED;
    snprintf(S.folder, sizeof S.folder, "%s", word("SM2_MODULE_TOKEN", ""));
    S.begun = 1;
    if (present()) load_keys();
    return OK;
}

static ulong C_Initialize(void *arguments) { (void)arguments; LOCKED(initialize()); }
static ulong C_Finalize(void *reserved) { (void)reserved; LOCKED(finalize()); }

static ulong C_GetInfo(Info *info) {
    memset(info, 0, sizeof *info);
    info->cryptoki.major = 2;
    info->cryptoki.minor = 40;
    pad(info->maker, sizeof info->maker, "tests");
    pad(info->description, sizeof info->description, "SM2 for tests");
    return OK;
}

static ulong C_GetSlotList(byte with_token, ulong *slots, ulong *count) {
    const int there = !with_token || present();
    if (slots && *count < (ulong)there) return BUFFER_TOO_SMALL;
    if (slots && there) *slots = SLOT;
    *count = there;
    return OK;
}

static ulong C_GetSlotInfo(ulong slot, SlotInfo *info) {
    if (slot != SLOT) return SLOT_ID_INVALID;
    memset(info, 0, sizeof *info);
    pad(info->description, sizeof info->description, "slot");
    pad(info->maker, sizeof info->maker, "tests");
    info->flags = 1 | 2; /* a token is there, and can be taken out */
    return OK;
}

static ulong token_info(TokenInfo *info) {
    char label[NAME] = "";
    if (!present() || !read_text("label", label, sizeof label)) return TOKEN_NOT_PRESENT;
    memset(info, 0, sizeof *info);
    pad(info->label, sizeof info->label, label);
    pad(info->maker, sizeof info->maker, "tests");
    pad(info->model, sizeof info->model, "SM2");
    pad(info->serial, sizeof info->serial, label);
    info->flags = 0x4 | 0x8 | 0x400; /* log-in is required, a PIN is set, the token is made */
    return OK;
}

static ulong C_GetTokenInfo(ulong slot, TokenInfo *info) { (void)slot; LOCKED(token_info(info)); }

/* --- sessions ----------------------------------------------------------------------------------------------------- */

static ulong session_at(ulong handle, Session **session) {
    if (!S.begun) return NOT_INITIALIZED;
    if (!present()) return DEVICE_REMOVED;
    if (handle < 1 || handle > MAX_SESSIONS || !S.session[handle - 1].open) return SESSION_HANDLE_INVALID;
    *session = &S.session[handle - 1];
    return OK;
}

static ulong open_session(ulong flags, ulong *handle) {
    ulong index;
    if (!present()) return TOKEN_NOT_PRESENT;
    for (index = 0; index < MAX_SESSIONS && S.session[index].open; index++) {}
    if (index == MAX_SESSIONS) return SESSION_COUNT;
    memset(&S.session[index], 0, sizeof S.session[index]);
    S.session[index].open = 1;
    S.session[index].writing = (flags & READ_WRITE) != 0;
    *handle = index + 1;
    return OK;
}

static ulong close_session(ulong handle) {
    Session *session;
    if (session_at(handle, &session) == OK) session->open = 0;
    return OK;
}

static ulong login(ulong handle, const byte *pin, ulong length) {
    Session *session;
    char right[NAME] = "";
    ulong answer = session_at(handle, &session);
    if (answer != OK) return answer;
    if (S.logged_in) return USER_ALREADY_LOGGED_IN;
    if (!read_text("pin", right, sizeof right) || strlen(right) != length || memcmp(right, pin, length)) return PIN_INCORRECT;
    S.logged_in = 1;
    return OK;
}

static ulong C_OpenSession(ulong slot, ulong flags, void *application, void *notify, ulong *handle) {
    (void)slot; (void)application; (void)notify;
    LOCKED(open_session(flags, handle));
}
static ulong C_CloseSession(ulong handle) { LOCKED(close_session(handle)); }
static ulong C_Login(ulong handle, ulong user, byte *pin, ulong length) { (void)user; LOCKED(login(handle, pin, length)); }

/* --- objects: handle 2n + 2 is the private half of key n, 2n + 3 the public one ------------------------------------ */

static Key *key_at(ulong handle, ulong *class) {
    if (handle < 2 || handle / 2 > (ulong)S.keys) return NULL;
    *class = handle % 2 ? PUBLIC_KEY : PRIVATE_KEY;
    return *class == PRIVATE_KEY && !S.logged_in ? NULL : &S.key[handle / 2 - 1];
}

static ulong unhex(const char *text, byte *octets) {
    ulong count = 0;
    unsigned value;
    for (; sscanf(text + 2 * count, "%2x", &value) == 1; count++) octets[count] = (byte)value;
    return count;
}

/* Length of an attribute of an object, written to `value`; -1 if it has none. */
static long attribute_of(const Key *key, ulong class, ulong type, byte *value) {
    ulong word_value = type == CLASS ? class : number("SM2_MODULE_KEY_TYPE");
    byte *info = NULL;
    int length;
    *value = type == TOKEN || type == SENSITIVE || type == (class == PRIVATE_KEY ? SIGN : VERIFY)
        || (type == PRIVATE && class == PRIVATE_KEY);
    switch (type) {
    case CLASS: case KEY_TYPE:
        memcpy(value, &word_value, sizeof word_value);
        return sizeof word_value;
    case TOKEN: case PRIVATE: case SIGN: case VERIFY:
        return 1;
    case SENSITIVE: case EXTRACTABLE:
        return class == PRIVATE_KEY ? 1 : -1;
    case LABEL:
        memcpy(value, key->label, strlen(key->label));
        return (long)strlen(key->label);
    case ID:
        return (long)unhex(key->id, value);
    case PARAMS:
        if (!is("SM2_MODULE_CURVE", "oid")) return -1;
        memcpy(value, CURVE, sizeof CURVE);
        return sizeof CURVE;
    case POINT:
        if (class != PUBLIC_KEY) return -1;
        length = i2d_PUBKEY(key->pair, &info); /* an uncompressed point is its end */
        value[0] = 0x04;
        value[1] = 65;
        memcpy(value + 2, info + length - 65, 65);
        OPENSSL_free(info);
        return 67;
    default:
        return -1;
    }
}

static ulong get_attributes(ulong handle, ulong object, Attribute *wanted, ulong count) {
    Session *session;
    ulong class, index, answer = session_at(handle, &session);
    Key *key = answer == OK ? key_at(object, &class) : NULL;
    if (!key) return answer == OK ? KEY_HANDLE_INVALID : answer;
    for (index = 0; index < count; index++) {
        byte value[256];
        long length = attribute_of(key, class, wanted[index].type, value);
        if (length < 0) {
            answer = wanted[index].type == VALUE ? ATTRIBUTE_SENSITIVE : ATTRIBUTE_TYPE_INVALID;
        } else if (wanted[index].value && wanted[index].length < (ulong)length) {
            answer = BUFFER_TOO_SMALL;
            length = -1;
        } else if (wanted[index].value) {
            memcpy(wanted[index].value, value, length);
        }
        wanted[index].length = (ulong)length;
    }
    return answer;
}

static int matches(const Key *key, ulong class, const Attribute *wanted, ulong count) {
    ulong index;
    for (index = 0; index < count; index++) {
        byte value[256];
        long length = attribute_of(key, class, wanted[index].type, value);
        if (length < 0 || (ulong)length != wanted[index].length || memcmp(value, wanted[index].value, length)) return 0;
    }
    return 1;
}

static ulong find_init(ulong handle, const Attribute *wanted, ulong count) {
    Session *session;
    ulong object, class, answer = session_at(handle, &session);
    if (answer != OK) return answer;
    session->count = session->next = 0;
    for (object = 2; object < 2 + 2 * (ulong)S.keys; object++) {
        Key *key = key_at(object, &class);
        if (key && matches(key, class, wanted, count)) session->found[session->count++] = object;
    }
    return OK;
}

static ulong find(ulong handle, ulong *objects, ulong most, ulong *count) {
    Session *session;
    const ulong answer = session_at(handle, &session);
    for (*count = 0; answer == OK && *count < most && session->next < session->count; ++*count)
        objects[*count] = session->found[session->next++];
    return answer;
}

static ulong C_GetAttributeValue(ulong handle, ulong object, Attribute *wanted, ulong count) {
    LOCKED(get_attributes(handle, object, wanted, count));
}
static ulong C_FindObjectsInit(ulong handle, Attribute *wanted, ulong count) { LOCKED(find_init(handle, wanted, count)); }
static ulong C_FindObjects(ulong handle, ulong *objects, ulong most, ulong *count) { LOCKED(find(handle, objects, most, count)); }
static ulong C_FindObjectsFinal(ulong handle) { (void)handle; return OK; }

/* --- making pairs ------------------------------------------------------------------------------------------------- */

static const Attribute *given(const Attribute *template, ulong count, ulong type) {
    for (; count; count--, template++)
        if (template->type == type) return template;
    return NULL;
}

static int says(const Attribute *template, ulong count, ulong type, const void *value, ulong length) {
    const Attribute *found = given(template, count, type);
    return found && found->length == length && memcmp(found->value, value, length) == 0;
}

static ulong generate(ulong handle, const Mechanism *mechanism, const Attribute *public, ulong publics,
                      const Attribute *private, ulong privates, ulong *public_key, ulong *private_key) {
    Session *session;
    const byte yes = 1, no = 0;
    const ulong type = number("SM2_MODULE_KEY_TYPE");
    const Attribute *label = given(private, privates, LABEL), *id = given(private, privates, ID);
    ulong index, answer = session_at(handle, &session);
    Key *key = &S.key[S.keys];
    if (answer != OK) return answer;
    if (!session->writing) return SESSION_READ_ONLY;
    if (!S.logged_in) return USER_NOT_LOGGED_IN;
    if (!number("SM2_MODULE_GENERATE") || mechanism->mechanism != number("SM2_MODULE_GENERATE")) return MECHANISM_INVALID;
    if (!says(private, privates, SENSITIVE, &yes, 1) || !says(private, privates, EXTRACTABLE, &no, 1)
        || !says(private, privates, KEY_TYPE, &type, sizeof type) || !says(public, publics, KEY_TYPE, &type, sizeof type)
        || is("SM2_MODULE_CURVE", "oid") != says(public, publics, PARAMS, CURVE, sizeof CURVE)
        || !label || label->length >= NAME || !id || 2 * id->length >= NAME || S.keys == MAX_KEYS)
        return TEMPLATE_INCONSISTENT;
    memset(key, 0, sizeof *key);
    memcpy(key->label, label->value, label->length);
    for (index = 0; index < id->length; index++) sprintf(key->id + 2 * index, "%02x", ((byte *)id->value)[index]);
    key->pair = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    if (!key->pair || !store_key(key)) return FUNCTION_FAILED;
    S.keys++;
    *private_key = 2 * (ulong)S.keys;
    *public_key = *private_key + 1;
    return OK;
}

static ulong C_GenerateKeyPair(ulong handle, Mechanism *mechanism, Attribute *public, ulong publics, Attribute *private,
                        ulong privates, ulong *public_key, ulong *private_key) {
    LOCKED(generate(handle, mechanism, public, publics, private, privates, public_key, private_key));
}

/* --- signing ------------------------------------------------------------------------------------------------------ */

static ulong sign_init(ulong handle, const Mechanism *mechanism, ulong object) {
    Session *session;
    ulong class = 0, answer = session_at(handle, &session);
    Key *key = answer == OK ? key_at(object, &class) : NULL;
    if (answer != OK) return answer;
    if (!key || class != PRIVATE_KEY) return KEY_HANDLE_INVALID;
    if (mechanism->mechanism - number("SM2_MODULE_SIGN") > 1) return MECHANISM_INVALID;
    if (is("SM2_MODULE_INPUT", "message-id")
        && (mechanism->length != strlen(USUAL_ID) || memcmp(mechanism->parameter, USUAL_ID, mechanism->length)))
        return MECHANISM_PARAM_INVALID;
    session->signing = 1;
    session->sign.mechanism = *mechanism;
    session->sign.key = key;
    return OK;
}

static int sign_digest(EVP_PKEY *pair, const byte *digest, byte *der, size_t *length) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pair, NULL);
    int done = EVP_PKEY_sign_init(context) > 0 && EVP_PKEY_sign(context, der, length, digest, 32) > 0;
    EVP_PKEY_CTX_free(context);
    return done;
}

static int sign_hashed(EVP_PKEY *pair, const byte *data, ulong size, byte *der, size_t *length) {
    byte digest[32];
    return EVP_Digest(data, size, digest, NULL, EVP_sm3(), NULL) && sign_digest(pair, digest, der, length);
}

static int sign_message(EVP_PKEY *pair, const byte *data, ulong size, byte *der, size_t *length) {
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pair, NULL);
    int done = EVP_PKEY_CTX_set1_id(context, USUAL_ID, strlen(USUAL_ID)) > 0;
    EVP_MD_CTX_set_pkey_ctx(digest, context);
    done = done && EVP_DigestSignInit(digest, NULL, EVP_sm3(), NULL, pair) > 0
        && EVP_DigestSign(digest, der, length, data, size) > 0;
    EVP_MD_CTX_free(digest);
    EVP_PKEY_CTX_free(context);
    return done;
}

static ulong raw(const byte *der, size_t length, byte *signature) {
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &der, (long)length);
    BN_bn2binpad(ECDSA_SIG_get0_r(both), signature, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), signature + 32, 32);
    ECDSA_SIG_free(both);
    return 64;
}

static ulong sign(ulong handle, const byte *data, ulong size, byte *signature, ulong *length) {
    Session *session;
    byte der[128];
    size_t made = sizeof der;
    int done;
    ulong answer = session_at(handle, &session);
    if (answer != OK) return answer;
    if (!session->signing) return OPERATION_NOT_INITIALIZED;
    *length = signature ? *length : sizeof der;
    if (!signature) return OK; /* asked for the length alone */
    session->signing = 0;
    if (session->sign.mechanism.mechanism != number("SM2_MODULE_SIGN") || is("SM2_MODULE_INPUT", "z-message"))
        done = sign_hashed(session->sign.key->pair, data, size, der, &made);
    else if (is("SM2_MODULE_INPUT", "digest"))
        done = size == 32 ? sign_digest(session->sign.key->pair, data, der, &made) : 0;
    else
        done = sign_message(session->sign.key->pair, data, size, der, &made);
    if (!done) return DATA_LEN_RANGE;
    if (is("SM2_MODULE_SIGNATURE", "der")) memcpy(signature, der, made);
    *length = is("SM2_MODULE_SIGNATURE", "der") ? made : raw(der, made, signature);
    return OK;
}

static ulong C_SignInit(ulong handle, Mechanism *mechanism, ulong object) { LOCKED(sign_init(handle, mechanism, object)); }
static ulong C_Sign(ulong handle, byte *data, ulong size, byte *signature, ulong *length) {
    LOCKED(sign(handle, data, size, signature, length));
}

/* --- the list ----------------------------------------------------------------------------------------------------- */

static ulong unsupported(void) { return FUNCTION_NOT_SUPPORTED; }

/* Places as in pkcs11f.h. */
static FunctionList FUNCTIONS = {{2, 40}, {
    [0] = C_Initialize, [1] = C_Finalize, [2] = C_GetInfo, [4] = C_GetSlotList, [5] = C_GetSlotInfo,
    [6] = C_GetTokenInfo, [12] = C_OpenSession, [13] = C_CloseSession, [18] = C_Login, [24] = C_GetAttributeValue,
    [26] = C_FindObjectsInit, [27] = C_FindObjects, [28] = C_FindObjectsFinal, [42] = C_SignInit, [43] = C_Sign,
    [59] = C_GenerateKeyPair,
}};

ulong C_GetFunctionList(FunctionList **list) {
    int index;
    for (index = 0; index < 68; index++)
        if (!FUNCTIONS.functions[index]) FUNCTIONS.functions[index] = unsupported;
    *list = &FUNCTIONS;
    return OK;
}
