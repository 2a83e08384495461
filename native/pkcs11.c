/* PKCS#11 for JavaScript: reads arguments into jobs, and jobs into promises. Whether the arguments make sense is TypeScript's
 * business; here they only must not harm memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addon.h"
#include "pkcs11.h"

static const napi_type_tag WORKER_TAG = {0x6669656c64736561, 0x6c70313177726b72};

static void set(napi_env env, napi_value object, const char *name, napi_value value) {
  must(env, napi_set_named_property(env, object, name, value), name);
}

static napi_value text(napi_env env, const char *bytes, size_t length) {
  napi_value value;
  must(env, napi_create_string_utf8(env, bytes, length, &value), "create_string_utf8");
  return value;
}

static napi_value number(napi_env env, double amount) {
  napi_value value;
  must(env, napi_create_double(env, amount, &value), "create_double");
  return value;
}

/* Handles and slot ids take all bits of a CK_ULONG: bigint. */
static napi_value handle(napi_env env, CK_ULONG id) {
  napi_value value;
  must(env, napi_create_bigint_uint64(env, id, &value), "create_bigint_uint64");
  return value;
}

/* A field of fixed width, padded with blanks (base specification, section 3.1). */
static napi_value padded(napi_env env, const CK_UTF8CHAR *bytes, size_t width) {
  while (width > 0 && (bytes[width - 1] == ' ' || bytes[width - 1] == '\0')) {
    width--;
  }
  return text(env, (const char *)bytes, width);
}

static napi_value copy(napi_env env, const CK_BYTE *bytes, size_t length) {
  void *data = NULL;
  napi_value buffer;
  napi_value array;
  must(env, napi_create_arraybuffer(env, length, &data, &buffer), "create_arraybuffer");
  if (length > 0 && data != NULL) {
    memcpy(data, bytes, length);
  }
  must(env, napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &array), "create_typedarray");
  return array;
}

static napi_value failure(napi_env env, const struct job *job) {
  char name[48];
  char message[MAX_DETAIL + 128];
  napi_value error;
  napi_value retryable;
  const char *ckr = job->failure != NULL ? job->failure : rv_name(job->rv, name, sizeof name);
  const char *function = job->function != NULL ? job->function : "";

  if (job->detail[0] != '\0') {
    snprintf(message, sizeof message, "%s", job->detail);
  } else {
    snprintf(message, sizeof message, "%s: %s", function, ckr);
  }
  must(env, napi_create_error(env, NULL, text(env, message, NAPI_AUTO_LENGTH), &error), "create_error");
  must(env, napi_get_boolean(env, job->failure == NULL && rv_retryable(job->rv), &retryable), "get_boolean");
  set(env, error, "ckr", text(env, ckr, NAPI_AUTO_LENGTH));
  set(env, error, "function", text(env, function, NAPI_AUTO_LENGTH));
  set(env, error, "retryable", retryable);
  return error;
}

void job_settle(napi_env env, struct job *job) {
  napi_handle_scope scope;
  must(env, napi_open_handle_scope(env, &scope), "open_handle_scope");
  if (job->failure != NULL || job->rv != CKR_OK) {
    must(env, napi_reject_deferred(env, job->deferred, failure(env, job)), "reject_deferred");
  } else {
    must(env, napi_resolve_deferred(env, job->deferred, job->result(env, job)), "resolve_deferred");
  }
  must(env, napi_close_handle_scope(env, scope), "close_handle_scope");
}

static napi_value nothing(napi_env env, const struct job *job) {
  napi_value value;
  (void)job;
  must(env, napi_get_undefined(env, &value), "get_undefined");
  return value;
}

static napi_value library_result(napi_env env, const struct job *job) {
  char version[16];
  napi_value result;
  must(env, napi_create_object(env, &result), "create_object");
  snprintf(version, sizeof version, "%u.%u", job->info.libraryVersion.major, job->info.libraryVersion.minor);
  set(env, result, "manufacturer", padded(env, job->info.manufacturerID, sizeof job->info.manufacturerID));
  set(env, result, "description", padded(env, job->info.libraryDescription, sizeof job->info.libraryDescription));
  set(env, result, "version", text(env, version, NAPI_AUTO_LENGTH));
  return result;
}

static napi_value tokens_result(napi_env env, const struct job *job) {
  napi_value list;
  must(env, napi_create_array(env, &list), "create_array");
  for (CK_ULONG i = 0; i < job->tokens.count; i++) {
    const struct token *token = &job->tokens.items[i];
    const CK_SLOT_INFO *slot = &token->slot_info;
    const CK_TOKEN_INFO *info = &token->info;
    napi_value item;
    must(env, napi_create_object(env, &item), "create_object");
    set(env, item, "slot", handle(env, token->slot));
    set(env, item, "slotDescription", padded(env, slot->slotDescription, sizeof slot->slotDescription));
    set(env, item, "slotManufacturer", padded(env, slot->manufacturerID, sizeof slot->manufacturerID));
    set(env, item, "label", padded(env, info->label, sizeof info->label));
    set(env, item, "manufacturer", padded(env, info->manufacturerID, sizeof info->manufacturerID));
    set(env, item, "model", padded(env, info->model, sizeof info->model));
    set(env, item, "serial", padded(env, info->serialNumber, sizeof info->serialNumber));
    set(env, item, "flags", number(env, (double)info->flags));
    must(env, napi_set_element(env, list, (uint32_t)i, item), "set_element");
  }
  return list;
}

static napi_value find_result(napi_env env, const struct job *job) {
  napi_value list;
  must(env, napi_create_array(env, &list), "create_array");
  for (CK_ULONG i = 0; i < job->find.count; i++) {
    must(env, napi_set_element(env, list, (uint32_t)i, handle(env, job->find.objects[i])), "set_element");
  }
  return list;
}

static napi_value read_result(napi_env env, const struct job *job) {
  napi_value list;
  must(env, napi_create_array(env, &list), "create_array");
  for (CK_ULONG i = 0; i < job->read.attributes.count; i++) {
    const struct attribute *item = &job->read.attributes.items[i];
    napi_value value;
    if (item->absent) {
      must(env, napi_get_null(env, &value), "get_null");
    } else {
      value = copy(env, item->value, item->length);
    }
    must(env, napi_set_element(env, list, (uint32_t)i, value), "set_element");
  }
  return list;
}

static napi_value sign_result(napi_env env, const struct job *job) {
  return copy(env, job->sign.signature, job->sign.length);
}

/* ---- arguments; each returns false where the argument is not what it should be */

static bool read_ulong(napi_env env, napi_value value, CK_ULONG *result) {
  uint64_t wide = 0;
  bool lossless = false;
  if (napi_get_value_bigint_uint64(env, value, &wide, &lossless) != napi_ok || !lossless || wide > (CK_ULONG)-1) {
    return false;
  }
  *result = (CK_ULONG)wide;
  return true;
}

static bool read_bytes(napi_env env, napi_value value, CK_BYTE *into, size_t limit, CK_ULONG *length) {
  bool is_array = false;
  napi_typedarray_type type;
  size_t count = 0;
  void *data = NULL;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, &type, &count, &data, NULL, NULL) != napi_ok || type != napi_uint8_array ||
      count > limit) {
    return false;
  }
  if (count > 0) {
    memcpy(into, data, count);
  }
  *length = (CK_ULONG)count;
  return true;
}

/* An attribute's value: a number for CK_ULONG, a boolean for CK_BBOOL, or bytes. */
static bool read_value(napi_env env, napi_value value, struct attribute *item) {
  napi_valuetype type;
  uint32_t amount = 0;
  bool truth = false;
  if (napi_typeof(env, value, &type) != napi_ok) {
    return false;
  }
  if (type == napi_number && napi_get_value_uint32(env, value, &amount) == napi_ok) {
    CK_ULONG wide = amount;
    memcpy(item->value, &wide, sizeof wide);
    item->length = sizeof wide;
    return true;
  }
  if (type == napi_boolean && napi_get_value_bool(env, value, &truth) == napi_ok) {
    item->value[0] = truth ? CK_TRUE : CK_FALSE;
    item->length = 1;
    return true;
  }
  return type == napi_object && read_bytes(env, value, item->value, sizeof item->value, &item->length);
}

static bool read_type(napi_env env, napi_value value, struct attribute *item) {
  uint32_t type = 0;
  if (napi_get_value_uint32(env, value, &type) != napi_ok) {
    return false;
  }
  item->type = type;
  return true;
}

/* With values: [[type, value], ...]; without: [type, ...]. */
static bool read_attributes(napi_env env, napi_value list, bool values, struct attributes *attributes) {
  uint32_t count = 0;
  bool is_array = false;
  if (napi_is_array(env, list, &is_array) != napi_ok || !is_array ||
      napi_get_array_length(env, list, &count) != napi_ok || count > MAX_ATTRIBUTES) {
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    napi_value item;
    napi_value part = NULL;
    if (napi_get_element(env, list, i, &item) != napi_ok) {
      return false;
    }
    if (!values) {
      if (!read_type(env, item, &attributes->items[i])) {
        return false;
      }
      continue;
    }
    if (napi_is_array(env, item, &is_array) != napi_ok || !is_array ||
        napi_get_element(env, item, 0, &part) != napi_ok || !read_type(env, part, &attributes->items[i]) ||
        napi_get_element(env, item, 1, &part) != napi_ok || !read_value(env, part, &attributes->items[i])) {
      return false;
    }
  }
  attributes->count = count;
  return true;
}

/* ---- the functions */

enum { MAX_ARGUMENTS = 3 };

struct call {
  struct worker *worker;
  struct job *job;
  napi_value arguments[MAX_ARGUMENTS];
};

/* Reads the session and makes a job; throws and returns false otherwise. */
static bool begin(napi_env env, napi_callback_info info, struct call *call) {
  size_t count = MAX_ARGUMENTS;
  bool ours = false;
  void *data = NULL;
  must(env, napi_get_cb_info(env, info, &count, call->arguments, NULL, NULL), "get_cb_info");
  if (napi_check_object_type_tag(env, call->arguments[0], &WORKER_TAG, &ours) != napi_ok || !ours ||
      napi_get_value_external(env, call->arguments[0], &data) != napi_ok) {
    napi_throw_type_error(env, NULL, "not a PKCS#11 session");
    return false;
  }
  call->worker = data;
  call->job = job_create();
  if (call->job == NULL) {
    napi_throw_error(env, "ENOMEM", "out of memory");
    return false;
  }
  return true;
}

static napi_value submit(napi_env env, struct call *call, bool arguments_fit, void (*run)(struct session *, struct job *),
                         napi_value (*result)(napi_env, const struct job *)) {
  if (!arguments_fit) {
    job_free(call->job);
    napi_throw_type_error(env, NULL, "bad argument");
    return NULL;
  }
  call->job->run = run;
  call->job->result = result;
  return worker_submit(env, call->worker, call->job);
}

static void collected(napi_env env, void *data, void *hint) {
  (void)hint;
  worker_abandon(env, data);
}

/* pkcs11Open(path): session. Loads nothing yet. */
static napi_value pkcs11_open(napi_env env, napi_callback_info info) {
  char path[4096];
  size_t length = 0;
  size_t count = 1;
  napi_value argument;
  napi_value result;
  must(env, napi_get_cb_info(env, info, &count, &argument, NULL, NULL), "get_cb_info");
  if (napi_get_value_string_utf8(env, argument, NULL, 0, &length) != napi_ok || length >= sizeof path) {
    napi_throw_type_error(env, NULL, "bad path");
    return NULL;
  }
  must(env, napi_get_value_string_utf8(env, argument, path, sizeof path, &length), "get_value_string_utf8");
  struct worker *worker = worker_create(env, path);
  if (worker == NULL) {
    napi_throw_error(env, "ENOMEM", "out of memory");
    return NULL;
  }
  must(env, napi_create_external(env, worker, collected, NULL, &result), "create_external");
  must(env, napi_type_tag_object(env, result, &WORKER_TAG), "type_tag_object");
  return result;
}

static napi_value pkcs11_initialize(napi_env env, napi_callback_info info) {
  struct call call;
  return begin(env, info, &call) ? submit(env, &call, true, session_initialize, library_result) : NULL;
}

static napi_value pkcs11_tokens(napi_env env, napi_callback_info info) {
  struct call call;
  return begin(env, info, &call) ? submit(env, &call, true, session_tokens, tokens_result) : NULL;
}

/* pkcs11OpenSession(session, slot, writable) */
static napi_value pkcs11_open_session(napi_env env, napi_callback_info info) {
  struct call call;
  if (!begin(env, info, &call)) {
    return NULL;
  }
  bool fit = read_ulong(env, call.arguments[1], &call.job->open.slot) &&
             napi_get_value_bool(env, call.arguments[2], &call.job->open.writable) == napi_ok;
  return submit(env, &call, fit, session_open, nothing);
}

/* pkcs11Login(session, pin) */
static napi_value pkcs11_login(napi_env env, napi_callback_info info) {
  struct call call;
  if (!begin(env, info, &call)) {
    return NULL;
  }
  bool fit = read_bytes(env, call.arguments[1], call.job->pin.bytes, MAX_PIN, &call.job->pin.length);
  return submit(env, &call, fit, session_login, nothing);
}

/* pkcs11Find(session, template) */
static napi_value pkcs11_find(napi_env env, napi_callback_info info) {
  struct call call;
  if (!begin(env, info, &call)) {
    return NULL;
  }
  bool fit = read_attributes(env, call.arguments[1], true, &call.job->find.attributes);
  return submit(env, &call, fit, session_find, find_result);
}

/* pkcs11Read(session, object, types) */
static napi_value pkcs11_read(napi_env env, napi_callback_info info) {
  struct call call;
  if (!begin(env, info, &call)) {
    return NULL;
  }
  bool fit = read_ulong(env, call.arguments[1], &call.job->read.object) &&
             read_attributes(env, call.arguments[2], false, &call.job->read.attributes);
  return submit(env, &call, fit, session_read, read_result);
}

/* pkcs11Generate(session, public template, private template) */
static napi_value pkcs11_generate(napi_env env, napi_callback_info info) {
  struct call call;
  if (!begin(env, info, &call)) {
    return NULL;
  }
  bool fit = read_attributes(env, call.arguments[1], true, &call.job->generate.public_key) &&
             read_attributes(env, call.arguments[2], true, &call.job->generate.private_key);
  return submit(env, &call, fit, session_generate, nothing);
}

/* pkcs11Sign(session, key, digest) */
static napi_value pkcs11_sign(napi_env env, napi_callback_info info) {
  struct call call;
  if (!begin(env, info, &call)) {
    return NULL;
  }
  bool fit =
      read_ulong(env, call.arguments[1], &call.job->sign.key) &&
      read_bytes(env, call.arguments[2], call.job->sign.digest, MAX_DIGEST, &call.job->sign.digest_length);
  return submit(env, &call, fit, session_sign, sign_result);
}

/* pkcs11Finalize(session, restart) */
static napi_value pkcs11_finalize(napi_env env, napi_callback_info info) {
  struct call call;
  if (!begin(env, info, &call)) {
    return NULL;
  }
  bool fit = napi_get_value_bool(env, call.arguments[1], &call.job->finalize.restart) == napi_ok;
  return submit(env, &call, fit, session_finalize, nothing);
}

/* pkcs11Stop(session): ends the thread once its queue is empty. */
static napi_value pkcs11_stop(napi_env env, napi_callback_info info) {
  struct call call;
  if (begin(env, info, &call)) {
    job_free(call.job);
    worker_stop(call.worker);
  }
  return NULL;
}

void export_pkcs11(napi_env env, napi_value exports) {
  export_function(env, exports, "pkcs11Open", pkcs11_open);
  export_function(env, exports, "pkcs11Initialize", pkcs11_initialize);
  export_function(env, exports, "pkcs11Tokens", pkcs11_tokens);
  export_function(env, exports, "pkcs11OpenSession", pkcs11_open_session);
  export_function(env, exports, "pkcs11Login", pkcs11_login);
  export_function(env, exports, "pkcs11Find", pkcs11_find);
  export_function(env, exports, "pkcs11Read", pkcs11_read);
  export_function(env, exports, "pkcs11Generate", pkcs11_generate);
  export_function(env, exports, "pkcs11Sign", pkcs11_sign);
  export_function(env, exports, "pkcs11Finalize", pkcs11_finalize);
  export_function(env, exports, "pkcs11Stop", pkcs11_stop);
}
