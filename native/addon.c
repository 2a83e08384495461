#include "addon.h"

void export_function(napi_env env, napi_value exports, const char *name, napi_callback function) {
  napi_value value;
  must(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value), "create_function");
  must(env, napi_set_named_property(env, exports, name, value), "set_named_property");
}

NAPI_MODULE_INIT() {
  export_memory(env, exports);
  export_notify(env, exports);
  export_pkcs11(env, exports);
  export_pty(env, exports);
  return exports;
}
