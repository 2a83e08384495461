/*
 * One thread a session, and not one of libuv's pool: a token that takes its time, or never returns, must delay neither file
 * access nor the event loop nor the end of the process.
 *
 * Who may touch what: the queue and the flags under `lock`; the session on the thread alone; the promises on the JavaScript
 * thread alone. Two references, JavaScript's and the thread's: the last to go frees.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addon.h"
#include "pkcs11.h"

enum {
  MAX_QUEUED = 32,
  /* How long the end of the process waits for a token that is at work. */
  FAREWELL_MS = 1000,
};

struct worker {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct job *first;
  struct job *last;
  unsigned queued;
  unsigned references;
  /* The thread was started; has ended. */
  bool started;
  bool ended;
  bool stopping;
  /* JavaScript is gone: nothing is delivered any more. */
  bool deaf;
  napi_threadsafe_function deliver;
  struct session session;
};

struct job *job_create(void) { return calloc(1, sizeof(struct job)); }

void job_free(struct job *job) {
  explicit_bzero(job, sizeof *job);
  free(job);
}

static void drop(struct worker *worker) {
  pthread_mutex_lock(&worker->lock);
  unsigned left = --worker->references;
  pthread_mutex_unlock(&worker->lock);
  if (left == 0) {
    free(worker->session.path);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
  }
}

/* With the lock held. */
static struct job *take(struct worker *worker) {
  struct job *job = worker->first;
  worker->first = job->next;
  if (worker->first == NULL) {
    worker->last = NULL;
  }
  worker->queued--;
  return job;
}

/* With the lock held, so that JavaScript can't leave between the question and the call. */
static void hand_back(struct worker *worker, struct job *job) {
  if (worker->deaf || napi_call_threadsafe_function(worker->deliver, job, napi_tsfn_nonblocking) != napi_ok) {
    job_free(job);
  }
}

static void *work(void *argument) {
  struct worker *worker = argument;
  pthread_mutex_lock(&worker->lock);
  for (;;) {
    while (worker->first == NULL && !worker->stopping) {
      pthread_cond_wait(&worker->changed, &worker->lock);
    }
    if (worker->first == NULL) {
      break;
    }
    struct job *job = take(worker);
    if (!worker->deaf) {
      pthread_mutex_unlock(&worker->lock);
      job->run(&worker->session, job);
      pthread_mutex_lock(&worker->lock);
    }
    hand_back(worker, job);
  }
  pthread_mutex_unlock(&worker->lock);
  session_end(&worker->session);

  pthread_mutex_lock(&worker->lock);
  worker->ended = true;
  pthread_cond_broadcast(&worker->changed);
  pthread_mutex_unlock(&worker->lock);
  drop(worker);
  return NULL;
}

static bool start(struct worker *worker) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all;
  sigset_t before;

  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  /* Signals are the main thread's. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, &attributes, work, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return error == 0;
}

/* Runs on the JavaScript thread for each finished job; without an environment when that is being torn down. */
static void deliver(napi_env env, napi_value function, void *context, void *data) {
  (void)function;
  (void)context;
  if (env != NULL) {
    job_settle(env, data);
  }
  job_free(data);
}

/* The environment ends: nothing is delivered from here on. A token that is at work gets a moment to finish, so that the
 * library isn't torn down around it; one that hangs is left behind. */
static void farewell(void *data) {
  struct worker *worker = data;
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += FAREWELL_MS / 1000;

  pthread_mutex_lock(&worker->lock);
  worker->deaf = true;
  worker->stopping = true;
  pthread_cond_broadcast(&worker->changed);
  while (worker->started && !worker->ended) {
    if (pthread_cond_timedwait(&worker->changed, &worker->lock, &until) != 0) {
      break;
    }
  }
  pthread_mutex_unlock(&worker->lock);
}

struct worker *worker_create(napi_env env, const char *path) {
  pthread_condattr_t monotonic;
  napi_value name;
  struct worker *worker = calloc(1, sizeof *worker);
  if (worker == NULL) {
    return NULL;
  }
  worker->session.path = strdup(path);
  if (worker->session.path == NULL) {
    free(worker);
    return NULL;
  }
  pthread_mutex_init(&worker->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&worker->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  worker->references = 1;

  must(env, napi_create_string_utf8(env, "fieldseal.pkcs11", NAPI_AUTO_LENGTH, &name), "create_string_utf8");
  must(env,
       napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, NULL, NULL, NULL, deliver, &worker->deliver),
       "create_threadsafe_function");
  /* A token that hangs must not keep the process: whoever waits for a promise holds a timer. */
  must(env, napi_unref_threadsafe_function(env, worker->deliver), "unref_threadsafe_function");
  /* After the function's own hook, hence run before it: hooks run in reverse. */
  must(env, napi_add_env_cleanup_hook(env, farewell, worker), "add_env_cleanup_hook");
  return worker;
}

/* Returns NULL, or why the job is refused. Counts the thread's reference before the thread can drop it. */
static const char *enqueue(struct worker *worker, struct job *job) {
  const char *refusal = NULL;
  pthread_mutex_lock(&worker->lock);
  if (worker->stopping) {
    refusal = "CLOSED";
  } else if (worker->queued >= MAX_QUEUED) {
    refusal = "QUEUE_FULL";
  } else if (!worker->started) {
    worker->references++;
    worker->started = start(worker);
    if (!worker->started) {
      worker->references--;
      refusal = "NO_THREAD";
    }
  }
  if (refusal == NULL) {
    if (worker->last == NULL) {
      worker->first = job;
    } else {
      worker->last->next = job;
    }
    worker->last = job;
    worker->queued++;
    pthread_cond_broadcast(&worker->changed);
  }
  pthread_mutex_unlock(&worker->lock);
  return refusal;
}

napi_value worker_submit(napi_env env, struct worker *worker, struct job *job) {
  napi_value promise;
  must(env, napi_create_promise(env, &job->deferred, &promise), "create_promise");
  const char *refusal = enqueue(worker, job);
  if (refusal != NULL) {
    job->failure = refusal;
    job->function = "submit";
    job_settle(env, job);
    job_free(job);
  }
  return promise;
}

void worker_stop(struct worker *worker) {
  pthread_mutex_lock(&worker->lock);
  worker->stopping = true;
  pthread_cond_broadcast(&worker->changed);
  pthread_mutex_unlock(&worker->lock);
}

void worker_abandon(napi_env env, struct worker *worker) {
  pthread_mutex_lock(&worker->lock);
  bool torn_down = worker->deaf;
  worker->deaf = true;
  worker->stopping = true;
  pthread_cond_broadcast(&worker->changed);
  pthread_mutex_unlock(&worker->lock);
  if (!torn_down) {
    must(env, napi_remove_env_cleanup_hook(env, farewell, worker), "remove_env_cleanup_hook");
    must(env, napi_release_threadsafe_function(worker->deliver, napi_tsfn_abort), "release_threadsafe_function");
  }
  drop(worker);
}
