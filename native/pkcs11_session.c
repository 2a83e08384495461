#include <stdlib.h>
#include <string.h>

#include "pkcs11.h"

/* Enters the library for the job, or fails the job because the library was finalized since. */
static const CK_FUNCTION_LIST *enter(struct session *session, struct job *job, const char *function) {
  const CK_FUNCTION_LIST *functions = NULL;
  if (session->module != NULL && session->initialized) {
    functions = module_enter(session->module, session->generation);
  }
  if (functions == NULL) {
    job->function = function;
    job->rv = CKR_CRYPTOKI_NOT_INITIALIZED;
  }
  return functions;
}

/* As enter, and needs a session. */
static const CK_FUNCTION_LIST *enter_session(struct session *session, struct job *job, const char *function) {
  if (!session->open) {
    job->function = function;
    job->rv = CKR_SESSION_CLOSED;
    return NULL;
  }
  return enter(session, job, function);
}

static bool ok(struct job *job, const char *function, CK_RV rv) {
  job->function = function;
  job->rv = rv;
  return rv == CKR_OK;
}

static void as_template(struct attributes *attributes, CK_ATTRIBUTE *template) {
  for (CK_ULONG i = 0; i < attributes->count; i++) {
    template[i].type = attributes->items[i].type;
    template[i].pValue = attributes->items[i].value;
    template[i].ulValueLen = attributes->items[i].length;
  }
}

void session_initialize(struct session *session, struct job *job) {
  if (session->module == NULL) {
    session->module = module_load(session->path, job->detail, sizeof job->detail);
    if (session->module == NULL) {
      job->failure = "MODULE_NOT_LOADED";
      job->function = "dlopen";
      return;
    }
  }
  if (!session->initialized) {
    if (!ok(job, "C_Initialize", module_initialize(session->module, &session->generation))) {
      return;
    }
    session->initialized = true;
  }
  const CK_FUNCTION_LIST *functions = enter(session, job, "C_GetInfo");
  if (functions != NULL) {
    ok(job, "C_GetInfo", functions->C_GetInfo(&job->info));
    module_leave(session->module);
  }
}

/* A slot whose token cannot be read is passed over: the token that is wanted may be in the next. */
static void describe_tokens(const CK_FUNCTION_LIST *functions, const CK_SLOT_ID *slots, CK_ULONG count, struct job *job) {
  for (CK_ULONG i = 0; i < count && job->tokens.count < MAX_TOKENS; i++) {
    struct token *token = &job->tokens.items[job->tokens.count];
    token->slot = slots[i];
    if (functions->C_GetSlotInfo(slots[i], &token->slot_info) == CKR_OK &&
        functions->C_GetTokenInfo(slots[i], &token->info) == CKR_OK) {
      job->tokens.count++;
    }
  }
}

void session_tokens(struct session *session, struct job *job) {
  CK_SLOT_ID slots[MAX_TOKENS];
  CK_ULONG count = 0;
  const CK_FUNCTION_LIST *functions = enter(session, job, "C_GetSlotList");
  if (functions == NULL) {
    return;
  }
  /* A call without a list makes the library look for slots that came or went (base specification, section 5.5). */
  if (ok(job, "C_GetSlotList", functions->C_GetSlotList(CK_TRUE, NULL, &count)) && count > 0) {
    count = MAX_TOKENS;
    if (ok(job, "C_GetSlotList", functions->C_GetSlotList(CK_TRUE, slots, &count))) {
      describe_tokens(functions, slots, count, job);
    }
  }
  module_leave(session->module);
}

void session_open(struct session *session, struct job *job) {
  CK_FLAGS flags = CKF_SERIAL_SESSION | (job->open.writable ? CKF_RW_SESSION : 0);
  const CK_FUNCTION_LIST *functions = enter(session, job, "C_OpenSession");
  if (functions == NULL) {
    return;
  }
  if (session->open) {
    job->function = "C_OpenSession";
    job->rv = CKR_SESSION_EXISTS;
  } else {
    session->open =
        ok(job, "C_OpenSession", functions->C_OpenSession(job->open.slot, flags, NULL, NULL, &session->handle));
  }
  module_leave(session->module);
}

void session_login(struct session *session, struct job *job) {
  const CK_FUNCTION_LIST *functions = enter_session(session, job, "C_Login");
  if (functions == NULL) {
    return;
  }
  ok(job, "C_Login", functions->C_Login(session->handle, CKU_USER, job->pin.bytes, job->pin.length));
  module_leave(session->module);
}

void session_find(struct session *session, struct job *job) {
  CK_ATTRIBUTE template[MAX_ATTRIBUTES];
  const CK_FUNCTION_LIST *functions = enter_session(session, job, "C_FindObjectsInit");
  if (functions == NULL) {
    return;
  }
  as_template(&job->find.attributes, template);
  if (ok(job, "C_FindObjectsInit",
         functions->C_FindObjectsInit(session->handle, template, job->find.attributes.count))) {
    /* A library may return fewer than were asked for, and more on the next call. */
    CK_ULONG got;
    do {
      got = 0;
      if (!ok(job, "C_FindObjects",
              functions->C_FindObjects(session->handle, job->find.objects + job->find.count,
                                       MAX_OBJECTS - job->find.count, &got))) {
        break;
      }
      job->find.count += got;
    } while (got > 0 && job->find.count < MAX_OBJECTS);
    CK_RV rv = functions->C_FindObjectsFinal(session->handle);
    if (job->rv == CKR_OK) {
      ok(job, "C_FindObjectsFinal", rv);
    }
  }
  module_leave(session->module);
}

/* One call an attribute: an attribute that a token doesn't know then doesn't hide the others. */
void session_read(struct session *session, struct job *job) {
  const CK_FUNCTION_LIST *functions = enter_session(session, job, "C_GetAttributeValue");
  if (functions == NULL) {
    return;
  }
  for (CK_ULONG i = 0; i < job->read.attributes.count; i++) {
    struct attribute *item = &job->read.attributes.items[i];
    CK_ATTRIBUTE attribute = {item->type, item->value, MAX_ATTRIBUTE_VALUE};
    CK_RV rv = functions->C_GetAttributeValue(session->handle, job->read.object, &attribute, 1);
    if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE) {
      item->absent = true;
    } else if (!ok(job, "C_GetAttributeValue", rv)) {
      break;
    } else {
      item->absent = attribute.ulValueLen > MAX_ATTRIBUTE_VALUE;
      item->length = item->absent ? 0 : attribute.ulValueLen;
    }
  }
  module_leave(session->module);
}

void session_generate(struct session *session, struct job *job) {
  CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
  CK_ATTRIBUTE public_template[MAX_ATTRIBUTES];
  CK_ATTRIBUTE private_template[MAX_ATTRIBUTES];
  CK_OBJECT_HANDLE public_key = 0;
  CK_OBJECT_HANDLE private_key = 0;
  const CK_FUNCTION_LIST *functions = enter_session(session, job, "C_GenerateKeyPair");
  if (functions == NULL) {
    return;
  }
  as_template(&job->generate.public_key, public_template);
  as_template(&job->generate.private_key, private_template);
  ok(job, "C_GenerateKeyPair",
     functions->C_GenerateKeyPair(session->handle, &mechanism, public_template, job->generate.public_key.count,
                                  private_template, job->generate.private_key.count, &public_key, &private_key));
  module_leave(session->module);
}

void session_sign(struct session *session, struct job *job) {
  CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
  const CK_FUNCTION_LIST *functions = enter_session(session, job, "C_SignInit");
  if (functions == NULL) {
    return;
  }
  if (ok(job, "C_SignInit", functions->C_SignInit(session->handle, &mechanism, job->sign.key))) {
    job->sign.length = MAX_SIGNATURE;
    ok(job, "C_Sign",
       functions->C_Sign(session->handle, job->sign.digest, job->sign.digest_length, job->sign.signature,
                         &job->sign.length));
  }
  module_leave(session->module);
}

static CK_RV release(struct session *session, bool restart) {
  CK_RV rv = CKR_OK;
  if (session->module == NULL || !session->initialized) {
    return CKR_OK;
  }
  const CK_FUNCTION_LIST *functions = module_enter(session->module, session->generation);
  if (functions != NULL) {
    /* The last session of a token logs out by closing (base specification, section 5.6); a C_Logout here would log the
     * other sessions of the process out. */
    if (session->open) {
      rv = functions->C_CloseSession(session->handle);
    }
    module_leave(session->module);
  }
  session->open = false;
  session->initialized = false;
  CK_RV finalized = module_release(session->module, session->generation, restart);
  return rv != CKR_OK ? rv : finalized;
}

void session_finalize(struct session *session, struct job *job) {
  ok(job, "C_Finalize", release(session, job->finalize.restart));
}

void session_end(struct session *session) {
  release(session, false);
  free(session->path);
  session->path = NULL;
}
