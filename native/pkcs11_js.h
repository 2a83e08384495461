/* PKCS#11's border with JavaScript. */
#ifndef FIELDSEAL_PKCS11_JS_H
#define FIELDSEAL_PKCS11_JS_H

#include "pkcs11.h"

/* ---- pkcs11_arguments.c: each returns false where the value is not what it should be */

/* A bigint. */
bool read_ulong(napi_env env, napi_value value, CK_ULONG *result);
/* A Uint8Array of at most `limit` bytes, copied. */
bool read_bytes(napi_env env, napi_value value, CK_BYTE *into, size_t limit, CK_ULONG *length);
/* With values: [[type, value], ...]; without: [type, ...]. */
bool read_attributes(napi_env env, napi_value list, bool values, struct attributes *attributes);

/* ---- pkcs11_results.c: what a finished job resolves to */

napi_value no_result(napi_env env, const struct job *job);
napi_value library_result(napi_env env, const struct job *job);
napi_value tokens_result(napi_env env, const struct job *job);
napi_value find_result(napi_env env, const struct job *job);
napi_value read_result(napi_env env, const struct job *job);
napi_value sign_result(napi_env env, const struct job *job);

#endif
