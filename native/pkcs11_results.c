/* Jobs into what JavaScript gets: values, errors, settled promises. */
#include <stdio.h>
#include <string.h>

#include "addon.h"
#include "pkcs11_js.h"

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

napi_value no_result(napi_env env, const struct job *job) {
  napi_value value;
  (void)job;
  must(env, napi_get_undefined(env, &value), "get_undefined");
  return value;
}

napi_value library_result(napi_env env, const struct job *job) {
  char version[16];
  napi_value result;
  must(env, napi_create_object(env, &result), "create_object");
  snprintf(version, sizeof version, "%u.%u", job->info.libraryVersion.major, job->info.libraryVersion.minor);
  set(env, result, "manufacturer", padded(env, job->info.manufacturerID, sizeof job->info.manufacturerID));
  set(env, result, "description", padded(env, job->info.libraryDescription, sizeof job->info.libraryDescription));
  set(env, result, "version", text(env, version, NAPI_AUTO_LENGTH));
  return result;
}

napi_value tokens_result(napi_env env, const struct job *job) {
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
    set(env, item, "slotFlags", number(env, (double)slot->flags));
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

napi_value find_result(napi_env env, const struct job *job) {
  napi_value list;
  must(env, napi_create_array(env, &list), "create_array");
  for (CK_ULONG i = 0; i < job->find.count; i++) {
    must(env, napi_set_element(env, list, (uint32_t)i, handle(env, job->find.objects[i])), "set_element");
  }
  return list;
}

napi_value read_result(napi_env env, const struct job *job) {
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

napi_value sign_result(napi_env env, const struct job *job) {
  return copy(env, job->sign.signature, job->sign.length);
}
