/* PKCS#11: a module, a session on one of its tokens, and the jobs that the session's own thread runs. */
#ifndef FIELDSEAL_PKCS11_H
#define FIELDSEAL_PKCS11_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>

#include "cryptoki.h"

enum {
  MAX_ATTRIBUTES = 16,
  MAX_ATTRIBUTE_VALUE = 512,
  MAX_OBJECTS = 16,
  MAX_TOKENS = 64,
  MAX_DIGEST = 64,
  MAX_SIGNATURE = 256,
  MAX_PIN = 256,
  MAX_DETAIL = 256,
};

/* ---- pkcs11_names.c */

/* "CKR_..." ; for a value outside of the standard, a name with the number in `buffer`. */
const char *rv_name(CK_RV rv, char *buffer, size_t size);
/* Whether the call may succeed on a session that is opened again. */
bool rv_retryable(CK_RV rv);

/* ---- pkcs11_module.c */

/* A loaded library. The process loads and initialises each library once (base specification, section 5.4: C_Initialize is for the
 * application, not for a thread), however many sessions use it. Never unloaded: a thread may hang in it. */
struct module;

/* Loads the library; NULL with the loader's words in `detail`. */
struct module *module_load(const char *path, char *detail, size_t size);
/* Initialises the library unless it is; `generation` then names this initialisation. */
CK_RV module_initialize(struct module *module, unsigned *generation);
/* Gives the use of an initialisation up. The last user finalizes; with `restart` the first does, and the sessions of the
 * others are stale from then on. */
CK_RV module_release(struct module *module, unsigned generation, bool restart);
/* The functions, for calls under this initialisation; NULL where it has ended. Balance with module_leave. While anyone is
 * inside, the library is not finalized. */
const CK_FUNCTION_LIST *module_enter(struct module *module, unsigned generation);
void module_leave(struct module *module);

/* ---- pkcs11_session.c: runs on the worker's thread, knows nothing of JavaScript */

struct session {
  char *path;
  struct module *module;
  unsigned generation;
  bool initialized;
  bool open;
  CK_SESSION_HANDLE handle;
};

struct attribute {
  CK_ATTRIBUTE_TYPE type;
  CK_ULONG length;
  bool absent;
  _Alignas(CK_ULONG) CK_BYTE value[MAX_ATTRIBUTE_VALUE];
};

struct attributes {
  CK_ULONG count;
  struct attribute items[MAX_ATTRIBUTES];
};

struct token {
  CK_SLOT_ID slot;
  CK_SLOT_INFO slot_info;
  CK_TOKEN_INFO info;
};

/* One call by JavaScript: what to do, with what, and what came of it. */
struct job {
  struct job *next;
  void (*run)(struct session *session, struct job *job);
  napi_value (*result)(napi_env env, const struct job *job);
  napi_deferred deferred;
  /* A name of our own where no PKCS#11 function failed, or NULL. */
  const char *failure;
  const char *function;
  CK_RV rv;
  char detail[MAX_DETAIL];
  union {
    CK_INFO info;
    struct {
      CK_ULONG count;
      struct token items[MAX_TOKENS];
    } tokens;
    struct {
      CK_SLOT_ID slot;
      bool writable;
    } open;
    struct {
      CK_ULONG length;
      CK_BYTE bytes[MAX_PIN];
    } pin;
    struct {
      struct attributes attributes;
      CK_ULONG count;
      CK_OBJECT_HANDLE objects[MAX_OBJECTS];
    } find;
    struct {
      CK_OBJECT_HANDLE object;
      struct attributes attributes;
    } read;
    struct {
      struct attributes public_key;
      struct attributes private_key;
    } generate;
    struct {
      CK_OBJECT_HANDLE key;
      CK_ULONG digest_length;
      CK_ULONG length;
      CK_BYTE digest[MAX_DIGEST];
      CK_BYTE signature[MAX_SIGNATURE];
    } sign;
    struct {
      bool restart;
    } finalize;
  };
};

void session_initialize(struct session *session, struct job *job);
void session_tokens(struct session *session, struct job *job);
void session_open(struct session *session, struct job *job);
void session_login(struct session *session, struct job *job);
void session_find(struct session *session, struct job *job);
void session_read(struct session *session, struct job *job);
void session_generate(struct session *session, struct job *job);
void session_sign(struct session *session, struct job *job);
void session_finalize(struct session *session, struct job *job);
/* Ends whatever is open, without a word. */
void session_end(struct session *session);

/* ---- pkcs11_worker.c: the thread and its bounded queue */

struct worker;

struct job *job_create(void);
/* Wipes and frees: a job may have carried a PIN. */
void job_free(struct job *job);

/* A worker for the library at `path` (copied). Its thread starts with the first job. NULL without memory. */
struct worker *worker_create(napi_env env, const char *path);
/* Queues a job and returns its promise; the worker owns the job from here on. */
napi_value worker_submit(napi_env env, struct worker *worker, struct job *job);
/* No more jobs are taken; those queued still run, then the session ends, then the thread. */
void worker_stop(struct worker *worker);
/* The JavaScript side lets go. The worker frees itself when its thread has ended too. */
void worker_abandon(napi_env env, struct worker *worker);

/* ---- pkcs11_results.c */

/* Settles the job's promise, on the JavaScript thread. */
void job_settle(napi_env env, struct job *job);

#endif
