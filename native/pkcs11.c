/* PKCS#11 for JavaScript. Whether the arguments make sense is TypeScript's business; here they only must not harm memory. */
#include "addon.h"
#include "pkcs11_js.h"

static const napi_type_tag WORKER_TAG = {0x6669656c64736561, 0x6c70313177726b72};

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
  return submit(env, &call, fit, session_open, no_result);
}

/* pkcs11Login(session, pin) */
static napi_value pkcs11_login(napi_env env, napi_callback_info info) {
  struct call call;
  if (!begin(env, info, &call)) {
    return NULL;
  }
  bool fit = read_bytes(env, call.arguments[1], call.job->pin.bytes, MAX_PIN, &call.job->pin.length);
  return submit(env, &call, fit, session_login, no_result);
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
  return submit(env, &call, fit, session_generate, no_result);
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
  return submit(env, &call, fit, session_finalize, no_result);
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
