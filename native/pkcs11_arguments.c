/* What JavaScript gives, into jobs. */
#include <string.h>

#include "pkcs11_js.h"

bool read_ulong(napi_env env, napi_value value, CK_ULONG *result) {
  uint64_t wide = 0;
  bool lossless = false;
  if (napi_get_value_bigint_uint64(env, value, &wide, &lossless) != napi_ok || !lossless || wide > (CK_ULONG)-1) {
    return false;
  }
  *result = (CK_ULONG)wide;
  return true;
}

bool read_bytes(napi_env env, napi_value value, CK_BYTE *into, size_t limit, CK_ULONG *length) {
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

bool read_attributes(napi_env env, napi_value list, bool values, struct attributes *attributes) {
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
