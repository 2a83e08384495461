/* What the addon's files share: argument reading, errors, and what each file adds to the exports. */
#ifndef FIELDSEAL_ADDON_H
#define FIELDSEAL_ADDON_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>

/* Adds a function to the exports. */
void export_function(napi_env env, napi_value exports, const char *name, napi_callback function);

/* Throws an Error whose `code` names errno (as Node's own errors do) and whose message names what failed. */
void throw_errno(napi_env env, const char *what, int error);

/* Ends the process when Node-API itself fails: that is a bug here, or no memory. */
void must(napi_env env, napi_status status, const char *what);

void export_memory(napi_env env, napi_value exports);
void export_notify(napi_env env, napi_value exports);
void export_pkcs11(napi_env env, napi_value exports);
void export_pty(napi_env env, napi_value exports);

#endif
